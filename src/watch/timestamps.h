// SPDX-License-Identifier: MIT
// How well the times of files tell one writing from the next.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/time.h"

namespace poltergeist::watch {

// Two writings of a file less than this apart may leave the same times on it. Zero where each that
// follows a look has a time of its own: from Linux 6.13 on ("multigrain timestamps",
// Documentation/filesystems/multigrain-ts.rst) on the file systems that take part. 100 ms where
// the kernel's tick is the clock: 10 ms at the slowest usual rate, and some for a program that is
// kept waiting between its look and the clock. 2 s, as FAT has it, where nothing is known.
[[nodiscard]] Duration timestamp_grain(const std::filesystem::path& root);

// The same for the type of a file system, as mount(8) calls it, on this kernel.
[[nodiscard]] Duration timestamp_grain_of_type(std::string_view type);

// The same for a file system (statfs's f_type) and a kernel (uname's release).
[[nodiscard]] Duration timestamp_grain(unsigned long file_system, std::string_view kernel);

}  // namespace poltergeist::watch
