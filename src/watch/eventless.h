// SPDX-License-Identifier: MIT
// File systems whose changes the kernel does not tell of, or not of all.
#pragma once

#include <filesystem>
#include <string_view>

namespace poltergeist::watch {

// The name of a file system that is known for it; empty for others. `magic` as statfs gives it.
[[nodiscard]] std::string_view eventless_file_system(long magic);
// The same for the one that a path is on; empty as well if it is not there.
[[nodiscard]] std::string_view eventless_file_system_at(const std::filesystem::path& path);
// The same by the type that mount(8) calls it; nobody has to ask a server that is down.
[[nodiscard]] std::string_view eventless_file_system_of_type(std::string_view type);

}  // namespace poltergeist::watch
