// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace poltergeist {

// SHA-256 in 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view text);

}  // namespace poltergeist
