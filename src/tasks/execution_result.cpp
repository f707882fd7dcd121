// SPDX-License-Identifier: MIT
#include "tasks/execution_result.h"

#include "base/exit.h"
#include "base/exit_code.h"

namespace poltergeist::tasks {

namespace {

Json or_null(const std::optional<int>& value) {
  return value ? Json(*value) : Json(nullptr);
}

int code_of_failure(const ExecutionResult& result) {
  if (result.failure_kind == FailureKind::Cancelled) return to_int(ExitCode::Interrupted);
  if (result.failure_kind == FailureKind::Spawn) {
    return result.exit_code.value_or(to_int(ExitCode::CannotExecute));
  }
  if (result.signal) return Exit::by_signal(*result.signal).shell_code();
  const int code = result.exit_code.value_or(0);
  return code == 0 ? to_int(ExitCode::No) : code;
}

}  // namespace

Json to_json(const ExecutionResult& result) {
  return {
      {"id", result.id},
      {"task", result.task},
      {"outcome", name_in(kExecutionOutcomes, result.outcome)},
      {"failureKind",
       result.failure_kind ? Json(name_in(kFailureKinds, *result.failure_kind)) : Json(nullptr)},
      {"message", result.message.empty() ? Json(nullptr) : Json(result.message)},
      {"exitCode", or_null(result.exit_code)},
      {"signal", or_null(result.signal)},
      {"attempt", result.attempt},
      {"durationMs", result.duration.count()},
      {"output", result.output},
      {"stdout", result.standard_output},
      {"stderr", result.standard_error},
      {"truncated", {{"stdout", result.output_truncated}, {"stderr", result.error_truncated}}},
  };
}

std::optional<ExecutionResult> result_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_number_integer() ? std::optional(found->get<int>())
                                                             : std::nullopt;
  };
  const auto outcome = value_in(kExecutionOutcomes, text("outcome"));
  if (!outcome) return std::nullopt;
  return ExecutionResult{.id = text("id"),
                         .task = text("task"),
                         .outcome = *outcome,
                         .failure_kind = value_in(kFailureKinds, text("failureKind")),
                         .message = text("message"),
                         .exit_code = number("exitCode"),
                         .signal = number("signal"),
                         .attempt = number("attempt").value_or(0),
                         .duration = Milliseconds(number("durationMs").value_or(0))};
}

Json passed_on(const Json& output) {
  return output.dump().size() > kMostPassedOn ? Json() : output;
}

int exit_code_for(const ExecutionResult& result) {
  switch (result.outcome) {
    case ExecutionOutcome::Success:
      return to_int(ExitCode::Yes);
    case ExecutionOutcome::RetriesExhausted:
      return to_int(ExitCode::RetriesSpent);
    case ExecutionOutcome::Timeout:
      return to_int(ExitCode::Timeout);
    case ExecutionOutcome::Cancelled:
      return to_int(ExitCode::Interrupted);
    case ExecutionOutcome::Failed:
      break;
  }
  return code_of_failure(result);
}

}  // namespace poltergeist::tasks
