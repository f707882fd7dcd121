// SPDX-License-Identifier: MIT
// The states of a runner and the only transitions between them, as a pure function. The model is
// told in runner_core.h; docs/runners.md prints the whole table.
#pragma once

#include <array>
#include <optional>

#include "base/enum_names.h"

namespace poltergeist::runners {

enum class RunnerState { Idle, Starting, Running, Stopping, Completed, Failed };
inline constexpr auto kRunnerStates = std::to_array<EnumName<RunnerState>>({
    {RunnerState::Idle, "idle"},
    {RunnerState::Starting, "starting"},
    {RunnerState::Running, "running"},
    {RunnerState::Stopping, "stopping"},
    {RunnerState::Completed, "completed"},
    {RunnerState::Failed, "failed"},
});

enum class RunnerEvent {
  Launch,        // decided: it is to run
  Launched,      // the program runs
  LaunchBusy,    // its file is busy: again in a moment
  LaunchFailed,  // it cannot be started
  Retire,        // decided: it is to end, for a newer one or for good
  ExitedWell,    // the leader exited by 0
  ExitedBadly,   // the leader exited otherwise
  Gone           // nothing of the unit is left
};
inline constexpr auto kRunnerEvents = std::to_array<EnumName<RunnerEvent>>({
    {RunnerEvent::Launch, "launch"},
    {RunnerEvent::Launched, "launched"},
    {RunnerEvent::LaunchBusy, "launch-busy"},
    {RunnerEvent::LaunchFailed, "launch-failed"},
    {RunnerEvent::Retire, "retire"},
    {RunnerEvent::ExitedWell, "exited-well"},
    {RunnerEvent::ExitedBadly, "exited-badly"},
    {RunnerEvent::Gone, "gone"},
});

// Whether anything of a unit may be there. What a program leaves when it exits by itself makes
// `completed` and `failed` possible with and without.
enum class UnitLeft { No, Yes };
inline constexpr auto kUnitLefts = std::to_array<EnumName<UnitLeft>>({
    {UnitLeft::No, ""},
    {UnitLeft::Yes, "+left"},
});

struct Standing {
  RunnerState state = RunnerState::Idle;
  UnitLeft left = UnitLeft::No;

  friend constexpr bool operator==(const Standing&, const Standing&) = default;
};

// The standings that exist.
[[nodiscard]] constexpr bool is_possible(Standing standing) {
  switch (standing.state) {
    case RunnerState::Idle:
    case RunnerState::Starting:
      return standing.left == UnitLeft::No;
    case RunnerState::Running:
    case RunnerState::Stopping:
      return standing.left == UnitLeft::Yes;
    case RunnerState::Completed:
    case RunnerState::Failed:
      return true;
  }
  return false;
}

// What the owner is to do because of a transition.
enum class RunnerStep {
  Nothing,
  Launch,         // start the program
  RetryLater,     // start it again in a moment
  SignalAll,      // the restart signal to all of the unit, and SIGKILL when its time is over
  DismissOthers,  // the leader is gone: SIGTERM to what it left, and SIGKILL when its time is over
};
inline constexpr auto kRunnerSteps = std::to_array<EnumName<RunnerStep>>({
    {RunnerStep::Nothing, "nothing"},
    {RunnerStep::Launch, "launch"},
    {RunnerStep::RetryLater, "retry later"},
    {RunnerStep::SignalAll, "signal all"},
    {RunnerStep::DismissOthers, "dismiss others"},
});

struct Transition {
  Standing next;
  RunnerStep step = RunnerStep::Nothing;

  friend constexpr bool operator==(const Transition&, const Transition&) = default;
};

// Nothing for an event that cannot happen there, or that means nothing there.
[[nodiscard]] constexpr std::optional<Transition> step(Standing now, RunnerEvent event) {
  using enum RunnerState;
  constexpr auto no = UnitLeft::No;
  constexpr auto yes = UnitLeft::Yes;
  const bool is_ended = now.state == Completed || now.state == Failed;
  const bool is_clear = now.left == no;
  switch (event) {
    case RunnerEvent::Launch:
      // From `starting`: the file was busy, and this is the next try.
      if (is_clear) return Transition{{Starting, no}, RunnerStep::Launch};
      return std::nullopt;
    case RunnerEvent::Launched:
      if (now.state == Starting) return Transition{{Running, yes}};
      return std::nullopt;
    case RunnerEvent::LaunchBusy:
      if (now.state == Starting) return Transition{now, RunnerStep::RetryLater};
      return std::nullopt;
    case RunnerEvent::LaunchFailed:
      if (now.state == Starting) return Transition{{Failed, no}};
      return std::nullopt;
    case RunnerEvent::Retire:
      if (now.state == Running) return Transition{{Stopping, yes}, RunnerStep::SignalAll};
      // What a program left is being dismissed already.
      if (is_ended && !is_clear) return Transition{{Stopping, yes}};
      if (now.state == Starting || is_ended) return Transition{{Idle, no}};
      return std::nullopt;
    case RunnerEvent::ExitedWell:
    case RunnerEvent::ExitedBadly:
      if (now.state == Stopping) return Transition{now, RunnerStep::DismissOthers};
      if (now.state != Running) return std::nullopt;
      return Transition{{event == RunnerEvent::ExitedWell ? Completed : Failed, yes},
                        RunnerStep::DismissOthers};
    case RunnerEvent::Gone:
      if (is_clear) return std::nullopt;
      // A running program is never gone before its leader has exited.
      if (now.state == Stopping) return Transition{{Idle, no}};
      if (is_ended) return Transition{{now.state, no}};
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace poltergeist::runners
