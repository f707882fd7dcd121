// SPDX-License-Identifier: MIT
// What holds for any output of a command, on its way through redaction, lines and capture.
#pragma once

#include <string>
#include <string_view>

namespace poltergeist::test {

// The promise that reading these bytes as lines of the protocol broke, in words; empty: none.
[[nodiscard]] std::string broken_by_lines(std::string_view bytes);
// The same for redaction. The bytes hold their own secrets: those lines that begin with "secret=",
// up to eight of them, where "|" is a line break; all else is output.
[[nodiscard]] std::string broken_by_secrets(std::string_view bytes);
// The same for what is kept of them.
[[nodiscard]] std::string broken_by_capture(std::string_view bytes);
[[nodiscard]] std::string broken_by_command_output(std::string_view bytes);

}  // namespace poltergeist::test
