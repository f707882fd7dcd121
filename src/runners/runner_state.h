// SPDX-License-Identifier: MIT
// The states of a runner and the only transitions between them, as a pure function. The model is
// told in runner_core.h; docs/runners.md prints the whole table.
#pragma once

#include <array>

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
  Launch,      // decided: nothing of the unit is left, it is to be up, a demand is unserved and due
  Launched,    // the program runs
  LaunchBusy,  // its file is busy: later again
  LaunchFailed,  // it cannot be started
  Retire,        // decided: what runs is to end, for a newer one or for good
  ExitedWell,    // the leader exited with 0
  ExitedBadly,   // … otherwise
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

}  // namespace poltergeist::runners
