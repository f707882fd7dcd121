// SPDX-License-Identifier: MIT
// What a postBuild hook has to say, read from its output: a last line
// `POLTERGEIST_POSTBUILD_RESULT:` + JSON, or a last line that is JSON, or JSON as a whole; an array
// is lines, an object is {summary?, lines?, status?}. Otherwise the tail of the output.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist::build {

inline constexpr std::string_view kHookResultMark = "POLTERGEIST_POSTBUILD_RESULT:";

// As a hook wrote it.
struct HookReport {
  std::optional<std::string> summary;
  std::vector<std::string> lines;
  std::optional<bool> success;  // "success"/"passed"/… or "failure"/"failed"/…

  friend bool operator==(const HookReport&, const HookReport&) = default;
};

// Nothing when the output holds no result.
[[nodiscard]] std::optional<HookReport> hook_report_in(std::string_view output);

// As it is shown and kept in the state file.
struct HookResult {
  bool success = false;
  std::string summary;
  std::vector<std::string> lines;  // at most max_lines, each safe for a terminal

  friend bool operator==(const HookResult&, const HookResult&) = default;
};

struct HookOutput {
  std::string name;   // of the hook
  int exit_code = 0;  // 128+n for death by signal n
  bool timed_out = false;
  std::string standard_output;
  std::string standard_error;
  // What the formatter printed, where one ran and exited with 0.
  std::optional<std::string> formatted;
};

// A result that a hook or its formatter wrote counts; else the tail of its output and
// "<name>: passed|failed (exit n)".
[[nodiscard]] HookResult hook_result(const HookOutput& output, int max_lines);

}  // namespace poltergeist::build
