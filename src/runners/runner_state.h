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
  Launched,      // there is a process
  LaunchBusy,    // its file is busy: again in a moment
  LaunchFailed,  // it cannot be started
  Ready,         // it does what it is there for
  NotReady,      // it took too long to be ready
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
    {RunnerEvent::Ready, "ready"},
    {RunnerEvent::NotReady, "not-ready"},
    {RunnerEvent::Retire, "retire"},
    {RunnerEvent::ExitedWell, "exited-well"},
    {RunnerEvent::ExitedBadly, "exited-badly"},
    {RunnerEvent::Gone, "gone"},
});

// Whether anything of a unit may be there. A program that is not ready yet, and what one leaves
// when it exits by itself, make three states possible with and without; a launch that is given up
// before there was a process passes through `stopping` without.
enum class UnitLeft { No, Yes };
inline constexpr auto kUnitLefts = std::to_array<EnumName<UnitLeft>>({
    {UnitLeft::No, ""},
    {UnitLeft::Yes, "+unit"},
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
      return standing.left == UnitLeft::No;
    case RunnerState::Running:
      return standing.left == UnitLeft::Yes;
    case RunnerState::Starting:
    case RunnerState::Stopping:
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
  AwaitReady,     // find out when it is ready
  SignalAll,      // the restart signal to all of the unit, and SIGKILL when its time is over; where
                  // it is stopped for good, after the cleanup
  DismissOthers,  // the leader is gone: SIGTERM to what it left, and SIGKILL when its time is over
};
inline constexpr auto kRunnerSteps = std::to_array<EnumName<RunnerStep>>({
    {RunnerStep::Nothing, "nothing"},
    {RunnerStep::Launch, "launch"},
    {RunnerStep::RetryLater, "retry later"},
    {RunnerStep::AwaitReady, "await ready"},
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
  const bool is_up = !is_clear && (now.state == Starting || now.state == Running);
  switch (event) {
    case RunnerEvent::Launch:
      // From `starting`: the file was busy, and this is the next try.
      if (is_clear && now.state != Stopping) return Transition{{Starting, no}, RunnerStep::Launch};
      return std::nullopt;
    case RunnerEvent::Launched:
      if (now.state == Starting && is_clear) {
        return Transition{{Starting, yes}, RunnerStep::AwaitReady};
      }
      return std::nullopt;
    case RunnerEvent::LaunchBusy:
      if (now.state == Starting && is_clear) return Transition{now, RunnerStep::RetryLater};
      return std::nullopt;
    case RunnerEvent::LaunchFailed:
      if (now.state == Starting && is_clear) return Transition{{Failed, no}};
      return std::nullopt;
    case RunnerEvent::Ready:
      if (now.state == Starting && is_up) return Transition{{Running, yes}};
      return std::nullopt;
    case RunnerEvent::NotReady:
      if (now.state == Starting && is_up) return Transition{{Failed, yes}, RunnerStep::SignalAll};
      return std::nullopt;
    case RunnerEvent::Retire:
      if (is_up) return Transition{{Stopping, yes}, RunnerStep::SignalAll};
      if (now.state == Starting) return Transition{{Stopping, no}};
      // What a program left is being dismissed already.
      if (is_ended && is_clear) return Transition{{Idle, no}};
      return std::nullopt;
    case RunnerEvent::ExitedWell:
    case RunnerEvent::ExitedBadly:
      if (is_up) {
        return Transition{{event == RunnerEvent::ExitedWell ? Completed : Failed, yes},
                          RunnerStep::DismissOthers};
      }
      // `failed`: because it was not ready in time.
      if (!is_clear && (now.state == Stopping || now.state == Failed)) {
        return Transition{now, RunnerStep::DismissOthers};
      }
      return std::nullopt;
    case RunnerEvent::Gone:
      // A program that is up is never gone before its leader has exited.
      if (now.state == Stopping) return Transition{{Idle, no}};
      if (is_ended && !is_clear) return Transition{{now.state, no}};
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace poltergeist::runners
