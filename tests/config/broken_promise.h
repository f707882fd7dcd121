// SPDX-License-Identifier: MIT
// What must be so of every text whatsoever: it does not crash, and it is either a project that
// keeps what its type promises, or problems that each say where and what. One function for the
// fuzzer, for its corpus and for random mangling.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// What is broken about the answer to `text`; empty if nothing is.
[[nodiscard]] std::string broken_promise(std::string_view text);

}  // namespace poltergeist::test
