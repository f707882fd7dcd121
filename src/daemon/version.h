// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace poltergeist::daemon {

// Of the program, from CMake.
inline constexpr std::string_view kVersion = POLTERGEIST_VERSION;

}  // namespace poltergeist::daemon
