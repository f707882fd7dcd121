// SPDX-License-Identifier: MIT
// Recorded output of real tools, in tests/build/output.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/text.h"

namespace poltergeist::build {

[[nodiscard]] std::filesystem::path output_directory();
[[nodiscard]] std::string text_of(const std::filesystem::path& file);
// "gcc-missing", … in alphabetical order.
[[nodiscard]] std::vector<std::string> recorded_outputs();
[[nodiscard]] std::string recorded(const std::string& name);

}  // namespace poltergeist::build
