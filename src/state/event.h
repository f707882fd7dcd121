// SPDX-License-Identifier: MIT
// What happens, as values. In the process an event is typed; in the journal and on the socket it is
// {scope, seq, type, data, createdAt}, with data as docs/state-format.md says.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/id.h"
#include "base/log.h"
#include "base/outcome.h"
#include "base/time.h"
#include "state/target_state.h"

namespace poltergeist::state {

struct BuildQueued {
  TargetId target;
  std::string reason;  // what the build is for, in a sentence
};
struct BuildStarted {
  TargetId target;
  BuildId build;
  Clock clock = 0;
  std::vector<std::string> trigger;
  std::string reason;
};
struct BuildProgress {
  TargetId target;
  BuildId build;
  Progress progress;
};
// It has shown no sign of life since then, or (nothing) does so again.
struct BuildStalled {
  TargetId target;
  BuildId build;
  std::optional<WallTime> since;
};
// What its command said by `::log`.
struct BuildLogged {
  TargetId target;
  BuildId build;
  LogLevel level = LogLevel::Info;
  std::string message;
};
struct BuildEnded {
  TargetId target;
  BuildId build;
  BuildVerdict verdict = BuildVerdict::Failure;
  Milliseconds duration{};
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string error_summary;
  std::vector<Diagnostic> diagnostics;
  std::optional<Timing> timing = std::nullopt;
};
struct HookStarted {
  TargetId target;
  BuildId build;
  std::string hook;
};
struct HookEnded {
  TargetId target;
  BuildId build;
  HookResult result;
};
struct RunnerChanged {
  TargetId target;
  RunnerState runner;
};
struct SidecarStarted {
  TargetId target;
  std::string command;
};
struct SidecarExited {
  TargetId target;
  std::optional<int> exit_code;
  std::optional<int> signal;
};
struct FreshnessChanged {
  TargetId target;
  Freshness freshness;
};
struct TargetAdded {
  TargetId target;
};
struct TargetRemoved {
  TargetId target;
};
// A target whose definition is invalid is set aside with the reason; the others go on.
struct TargetQuarantined {
  TargetId target;
  std::string reason;
};

struct ExecutionQueued {
  ExecutionId execution;
  TaskId task;
  std::string queue;
  std::string trigger;  // "exec", "hook:<target>"
};
struct ExecutionStarted {
  ExecutionId execution;
  int attempt = 1;
};
// These three: what its command said.
struct ExecutionLogged {
  ExecutionId execution;
  LogLevel level = LogLevel::Info;
  std::string message;
};
struct ExecutionProgress {
  ExecutionId execution;
  double percent = 0;
  std::string label;
};
struct ExecutionHeartbeat {
  ExecutionId execution;
  bool by_command = false;  // else: it still executes, that is all we know
  Milliseconds elapsed{};   // since its first attempt began
};
// An attempt failed, and another one follows.
struct ExecutionRetried {
  ExecutionId execution;
  int attempt = 1;  // that failed
  Milliseconds delay{};
  std::string message;
};
struct ExecutionEnded {
  ExecutionId execution;
  TaskId task;
  ExecutionOutcome outcome = ExecutionOutcome::Success;
  std::optional<FailureKind> failure_kind;
  std::string message;
  std::optional<int> exit_code;
  std::optional<int> signal;
  int attempt = 0;
  Milliseconds duration{};
  nlohmann::json output;  // null: too long to be told
};

struct DaemonStarted {
  pid_t pid = 0;
  std::string version;
};
struct DaemonStopping {
  std::string reason;
};
struct WatchChanged {
  WatchState watch;
};
struct ConfigurationChanged {
  bool applied = false;  // false: refused, the old one stays
  std::vector<std::string> problems;
};
struct PauseChanged {
  bool paused = false;
};
// State cannot be written (reason), or can again (empty).
struct StateDegraded {
  std::string reason;
};

using EventBody =
    std::variant<BuildQueued, BuildStarted, BuildProgress, BuildStalled, BuildLogged, BuildEnded,
                 HookStarted, HookEnded, RunnerChanged, SidecarStarted, SidecarExited,
                 FreshnessChanged, TargetAdded, TargetRemoved, TargetQuarantined, ExecutionQueued,
                 ExecutionStarted, ExecutionLogged, ExecutionProgress, ExecutionHeartbeat,
                 ExecutionRetried, ExecutionEnded, DaemonStarted, DaemonStopping, WatchChanged,
                 ConfigurationChanged, PauseChanged, StateDegraded>;

struct Event {
  std::string scope;      // "daemon", "target:<name>" or "execution:<id>"
  std::uint64_t seq = 0;  // in its scope, from 1, without gaps
  WallTime created_at{};
  EventBody body;
};

inline constexpr std::string_view kDaemonScope = "daemon";
[[nodiscard]] std::string scope_for(const TargetId& target);
[[nodiscard]] std::string scope_for(ExecutionId execution);
[[nodiscard]] std::string scope_of(const EventBody& body);
// The type of an event and its data, a JSON object.
struct Told {
  std::string_view type;
  nlohmann::json data;
};
[[nodiscard]] Told told(const EventBody& body);

}  // namespace poltergeist::state
