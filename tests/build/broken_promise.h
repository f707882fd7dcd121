// SPDX-License-Identifier: MIT
// What holds for the output of any tool, and for bytes that are no output of anything.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// The promise that scanning this output broke, in words; empty: none.
[[nodiscard]] std::string broken_by_output(std::string_view output);

}  // namespace poltergeist::test
