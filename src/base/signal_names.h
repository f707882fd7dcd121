// SPDX-License-Identifier: MIT
// Signals by name, for configurations, command lines and messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist {

// The number for "SIGTERM", "TERM" (any case) or "15"; nothing for what is no signal here.
// Real-time signals go by number only (34–64: the C library keeps 32 and 33 for itself).
[[nodiscard]] std::optional<int> signal_number(std::string_view text);
// "SIGTERM" for 15; "signal 40" for one without a name.
[[nodiscard]] std::string signal_name(int number);
// Every name that signal_number knows, with its "SIG", in the order of the numbers.
[[nodiscard]] std::vector<std::string> signal_names();

}  // namespace poltergeist
