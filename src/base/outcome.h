// SPDX-License-Identifier: MIT
// What came of a one-shot command: of one attempt, and of the execution as a whole.
#pragma once

#include <array>

#include "base/enum_names.h"

namespace poltergeist {

// Of an attempt. Retry: it failed in a way that its task says may be over soon.
enum class Outcome { Success, Retry, Failed };
inline constexpr auto kOutcomes = std::to_array<EnumName<Outcome>>({
    {Outcome::Success, "success"},
    {Outcome::Retry, "retry"},
    {Outcome::Failed, "failure"},
});

// How an attempt that was no success failed.
enum class FailureKind {
  Exit,       // with a code that is not among the good ones
  Signal,     // killed by somebody else
  Timeout,    // stopped by us when its time was over
  Spawn,      // never started
  BadOutput,  // ended well, and its output is not what the task promises
  Cancelled   // stopped by us because somebody asked for it, or lost with its daemon
};
inline constexpr auto kFailureKinds = std::to_array<EnumName<FailureKind>>({
    {FailureKind::Exit, "exit"},
    {FailureKind::Signal, "signal"},
    {FailureKind::Timeout, "timeout"},
    {FailureKind::Spawn, "spawn"},
    {FailureKind::BadOutput, "bad_output"},
    {FailureKind::Cancelled, "cancelled"},
});

// Of an execution: what its last attempt came to.
enum class ExecutionOutcome { Success, Failed, Timeout, RetriesExhausted, Cancelled };
inline constexpr auto kExecutionOutcomes = std::to_array<EnumName<ExecutionOutcome>>({
    {ExecutionOutcome::Success, "success"},
    {ExecutionOutcome::Failed, "failure"},
    {ExecutionOutcome::Timeout, "timeout"},
    {ExecutionOutcome::RetriesExhausted, "retries_exhausted"},
    {ExecutionOutcome::Cancelled, "cancelled"},
});

}  // namespace poltergeist
