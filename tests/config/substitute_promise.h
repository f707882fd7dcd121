// SPDX-License-Identifier: MIT
// What must be so of every text in which variables are replaced. One function for the fuzzer, for
// its corpus and for random texts.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// What is broken about the substitution in `text`; empty if nothing is.
[[nodiscard]] std::string broken_substitution(std::string_view text);

}  // namespace poltergeist::test
