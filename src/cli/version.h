// SPDX-License-Identifier: MIT
// The version of this program, from the root CMakeLists.txt.
#pragma once

#include <string_view>

namespace poltergeist::cli {

inline constexpr std::string_view kVersion = POLTERGEIST_VERSION;

}  // namespace poltergeist::cli
