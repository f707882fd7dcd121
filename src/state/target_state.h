// SPDX-License-Identifier: MIT
// All that others may know of a target: the content of its state file as a value, and the
// transitions that change it. Pure: no clock, no file.
//
// The model: a target has at most one running build; `last_build` is that build while it runs, and
// the last one that came to a verdict otherwise. A verdict is final: an end that names another
// build than the running one changes nothing. What a value does not know is absent, never guessed.
#pragma once

#include <sys/types.h>

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/time.h"
#include "state/build_record.h"

namespace poltergeist::state {

enum class HookStatus { Pending, Running, Success, Failure };
inline constexpr auto kHookStatuses = std::to_array<EnumName<HookStatus>>({
    {HookStatus::Pending, "pending"},
    {HookStatus::Running, "running"},
    {HookStatus::Success, "success"},
    {HookStatus::Failure, "failure"},
});

enum class RunnerStatus { Idle, Starting, Running, Stopping, Completed, Failed };
inline constexpr auto kRunnerStatuses = std::to_array<EnumName<RunnerStatus>>({
    {RunnerStatus::Idle, "idle"},
    {RunnerStatus::Starting, "starting"},
    {RunnerStatus::Running, "running"},
    {RunnerStatus::Stopping, "stopping"},
    {RunnerStatus::Completed, "completed"},
    {RunnerStatus::Failed, "failed"},
});

enum class WatchStatus { Ok, Rescanning, Degraded, Failed };
inline constexpr auto kWatchStatuses = std::to_array<EnumName<WatchStatus>>({
    {WatchStatus::Ok, "ok"},
    {WatchStatus::Rescanning, "rescanning"},
    {WatchStatus::Degraded, "degraded"},
    {WatchStatus::Failed, "failed"},
});

// What a target is; from the configuration.
struct TargetIdentity {
  TargetId target;
  std::string type;  // "executable", …
  std::filesystem::path project_root;
  std::string project_name;
  std::filesystem::path config_path;

  friend bool operator==(const TargetIdentity&, const TargetIdentity&) = default;
};

// The daemon that wrote the file.
struct Process {
  pid_t pid = 0;
  std::string hostname;
  bool is_active = false;
  WallTime start_time{};
  WallTime last_heartbeat{};  // when the file was written

  friend bool operator==(const Process&, const Process&) = default;
};

struct WatchState {
  WatchStatus state = WatchStatus::Ok;
  std::string reason;  // of degraded and failed
  Clock clock = 0;

  friend bool operator==(const WatchState&, const WatchState&) = default;
};

struct Freshness {
  bool fresh = false;
  Clock dirty_clock = 0;
  Clock built_clock = 0;

  friend bool operator==(const Freshness&, const Freshness&) = default;
};

struct HookResult {
  std::string name;
  HookStatus status = HookStatus::Pending;
  std::string summary;
  std::vector<std::string> lines;
  std::optional<WallTime> started_at;
  std::optional<WallTime> completed_at;
  std::optional<Milliseconds> duration;
  std::optional<int> exit_code;
  nlohmann::json outputs;  // an object: what it set, or what its task answered; null: nothing
  BuildVerdict trigger = BuildVerdict::Success;

  friend bool operator==(const HookResult&, const HookResult&) = default;
};

struct RunnerState {
  std::string kind;  // "executable", "compose"
  RunnerStatus status = RunnerStatus::Idle;
  std::optional<pid_t> pid;
  int restarts = 0;
  int crashes = 0;           // how often it failed by itself
  BuildId generation;        // the build that it runs; 0: none
  BuildId rolled_back_from;  // the newer one that failed, in whose place it runs; 0: none
  std::string rolled_back_because;
  std::optional<WallTime> started_at;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::optional<int> port;
  std::vector<std::string> listen;  // what is held open for it
  std::string command;
  std::string post_run;  // the configured sidecar; empty: none

  friend bool operator==(const RunnerState&, const RunnerState&) = default;
};

struct TargetState {
  TargetIdentity identity;
  std::uint64_t seq = 0;  // of the write: a reader may drop what is older than what it has
  Process process;
  std::optional<WatchState> watch;
  std::optional<LastBuild> last_build;
  std::optional<LastBuildError> last_build_error;  // of the last failure; until the next success
  BuildStats stats;
  std::optional<Freshness> freshness;
  std::string output_path;  // appInfo: absolute once it is known to exist; empty: none
  std::map<std::string, HookResult> hooks;
  std::optional<RunnerState> runner;

  // The verdict from before the running build: not written, used when that build is cancelled.
  std::optional<LastBuild> before_running;

  [[nodiscard]] BuildStatus status() const {
    return last_build ? last_build->status : BuildStatus::Idle;
  }

  friend bool operator==(const TargetState&, const TargetState&) = default;
};

struct BuildStart {
  BuildId id;
  std::string builder;
  std::string git_hash;
  std::vector<std::string> trigger;  // cut to kMostTrigger
  std::optional<Timing> timing = std::nullopt;
};

struct BuildEnd {
  BuildId id;
  BuildVerdict verdict = BuildVerdict::Failure;
  Milliseconds duration{};
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string error;
  std::string error_summary;
  std::vector<Diagnostic> diagnostics;    // cut to kMostDiagnostics
  std::vector<std::string> error_output;  // these two: the last kMostErrorLines
  std::vector<std::string> last_output;
  std::string command;
  std::vector<std::string> artifacts;
  std::map<std::string, std::string> outputs;
  std::optional<Timing> timing = std::nullopt;
};

// A build that is still running is given up for the new one.
void on_build_started(TargetState& state, const BuildStart& start, WallTime now);
// These three say false, and change nothing, if `id` is not the running build.
bool on_build_progress(TargetState& state, BuildId id, Progress progress);
// Nothing: it goes on.
bool on_build_stalled(TargetState& state, BuildId id, std::optional<WallTime> since);
bool on_build_ended(TargetState& state, const BuildEnd& end, WallTime now);
// A later stage of a build that has ended, also while the next one is running. False, and nothing
// changes, if it is not remembered any more.
bool on_timing(TargetState& state, BuildId id, const Timing& timing);

// A state that a daemon left behind, made true again: a build, hook or runner that was running is
// not any more (nothing that we start outlives us). Clocks are those of a daemon that is gone:
// unknown.
void recovered_after_crash(TargetState& state, WallTime now);

}  // namespace poltergeist::state
