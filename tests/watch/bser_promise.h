// SPDX-License-Identifier: MIT
// What holds of any bytes that come from a Watchman's socket.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// Says which promise these bytes break; empty if they break none.
[[nodiscard]] std::string broken_bser_promise(std::string_view bytes);

}  // namespace poltergeist::test
