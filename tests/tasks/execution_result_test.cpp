// SPDX-License-Identifier: MIT
#include "tasks/execution_result.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::tasks;

namespace {

ExecutionResult failed(FailureKind kind, std::optional<int> code = {},
                       std::optional<int> signal = {}) {
  return {.outcome = ExecutionOutcome::Failed,
          .failure_kind = kind,
          .exit_code = code,
          .signal = signal};
}

}  // namespace

TEST_CASE("a result is written with every key, and null for what is not known") {
  const ExecutionResult result{.id = "17",
                               .task = "notify",
                               .exit_code = 0,
                               .attempt = 2,
                               .duration = Milliseconds(1234),
                               .output = {{"a", 1}},
                               .standard_output = "out\n",
                               .standard_error = "err\n",
                               .error_truncated = true};
  CHECK(to_json(result) == Json{{"id", "17"},
                                {"task", "notify"},
                                {"outcome", "success"},
                                {"failureKind", nullptr},
                                {"message", nullptr},
                                {"exitCode", 0},
                                {"signal", nullptr},
                                {"attempt", 2},
                                {"durationMs", 1234},
                                {"output", {{"a", 1}}},
                                {"stdout", "out\n"},
                                {"stderr", "err\n"},
                                {"truncated", {{"stdout", false}, {"stderr", true}}}});
}

TEST_CASE("outcomes and kinds are written by their names") {
  ExecutionResult result{.outcome = ExecutionOutcome::RetriesExhausted,
                         .failure_kind = FailureKind::BadOutput};
  CHECK(to_json(result)["outcome"] == "retries_exhausted");
  CHECK(to_json(result)["failureKind"] == "bad_output");
}

TEST_CASE("whoever waited exits with the command's own code, and never with 0 for a failure") {
  CHECK(exit_code_for({.outcome = ExecutionOutcome::Success, .exit_code = 3}) == 0);
  CHECK(exit_code_for(failed(FailureKind::Exit, 42)) == 42);
  CHECK(exit_code_for(failed(FailureKind::Exit, 0)) == 1);
  CHECK(exit_code_for(failed(FailureKind::BadOutput, 0)) == 1);
  CHECK(exit_code_for(failed(FailureKind::Signal, {}, 9)) == 137);
  CHECK(exit_code_for(failed(FailureKind::Spawn, 127)) == 127);
  CHECK(exit_code_for(failed(FailureKind::Spawn)) == 126);
  CHECK(exit_code_for(failed(FailureKind::Cancelled)) == 130);
}

TEST_CASE("spent retries, a timeout and a cancellation have codes of their own") {
  CHECK(exit_code_for({.outcome = ExecutionOutcome::RetriesExhausted, .exit_code = 111}) == 75);
  CHECK(exit_code_for({.outcome = ExecutionOutcome::Timeout, .signal = 15}) == 124);
  CHECK(exit_code_for({.outcome = ExecutionOutcome::Cancelled, .signal = 15}) == 130);
}
