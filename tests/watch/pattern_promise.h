// SPDX-License-Identifier: MIT
// What holds of any pattern, any ignore file and any path, however mangled.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// The text is rules, then a zero byte, then a path. Says which promise the text breaks; empty if it
// breaks none.
[[nodiscard]] std::string broken_pattern_promise(std::string_view text);

}  // namespace poltergeist::test
