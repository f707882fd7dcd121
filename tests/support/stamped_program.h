// SPDX-License-Identifier: MIT
// Programs that can tell whether they are whole: a built one, then padding that is of their
// version, then a stamp that says the version, what to do and how long it all is.
#pragma once

#include <cstddef>
#include <string>

namespace poltergeist::test {

inline constexpr std::size_t kStampPadding = 128 << 10;

// Its bytes. `deed`: "stay" until SIGINT or SIGTERM, or "exit:N". Versions that follow each other
// end in different characters.
[[nodiscard]] std::string stamped_program(const std::string& version,
                                          const std::string& deed = "stay");

}  // namespace poltergeist::test
