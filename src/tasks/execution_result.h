// SPDX-License-Identifier: MIT
// What became of an execution, as it is shown, stored and sent.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/outcome.h"
#include "base/time.h"

namespace poltergeist::tasks {

using Json = nlohmann::json;

struct ExecutionResult {
  std::string id;
  std::string task;
  ExecutionOutcome outcome = ExecutionOutcome::Success;
  std::optional<FailureKind> failure_kind;
  std::string message;           // for people; empty for a success
  std::optional<int> exit_code;  // of the last attempt
  std::optional<int> signal;
  int attempt = 0;           // how many there were
  Milliseconds duration{0};  // from the first attempt's start to the last one's end
  Json output = Json::object();
  std::string standard_output;  // of the last attempt; valid UTF-8, without secrets
  std::string standard_error;
  bool output_truncated = false;
  bool error_truncated = false;
};

// {id, task, outcome, failureKind, message, exitCode, signal, attempt, durationMs, output, stdout,
// stderr, truncated {stdout, stderr}}; what is not known is null.
[[nodiscard]] Json to_json(const ExecutionResult& result);

// What to_json() wrote, as far as exit_code_for() needs it; nothing for anything else.
[[nodiscard]] std::optional<ExecutionResult> result_from(const Json& json);

// An output for those who pass it on to many: null if it is longer than kMostPassedOn.
inline constexpr std::size_t kMostPassedOn = 64 << 10;  // bytes of JSON
[[nodiscard]] Json passed_on(const Json& output);

// What a program that waited for it exits with: 0 for a success, 75 when the retries are spent, 124
// when its time was over, 130 when it was cancelled, 126 and 127 as a shell has them when it could
// not be started, else the command's own code or 128 + its signal, and 1 where that would be 0.
[[nodiscard]] int exit_code_for(const ExecutionResult& result);

}  // namespace poltergeist::tasks
