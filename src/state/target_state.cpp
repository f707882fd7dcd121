// SPDX-License-Identifier: MIT
#include "state/target_state.h"

#include <iterator>
#include <utility>

namespace poltergeist::state {

namespace {

constexpr auto kDaemonDied = "the daemon died during this build";

template <typename T>
std::vector<T> first_of(std::vector<T> values, std::size_t most) {
  if (values.size() > most) values.resize(most);
  return values;
}

std::vector<std::string> last_of(const std::vector<std::string>& lines, std::size_t most) {
  const auto skipped = lines.size() > most ? lines.size() - most : 0;
  return {std::next(lines.begin(), static_cast<std::ptrdiff_t>(skipped)), lines.end()};
}

bool is_running(const TargetState& state, BuildId id) {
  return state.status() == BuildStatus::Building && state.last_build->id == id;
}

void record_success(TargetState& state, const BuildEnd& end, WallTime now) {
  auto& stats = state.stats;
  ++stats.successes;
  stats.recent.push_back({end.duration, now});
  if (stats.recent.size() > kMostSuccessfulBuilds) stats.recent.erase(stats.recent.begin());
  state.last_build_error.reset();
  state.last_build->artifacts = end.artifacts;
}

void record_failure(TargetState& state, const BuildEnd& end, WallTime now) {
  state.last_build->error = end.error;
  state.last_build->error_summary = end.error_summary;
  // What a shell would say of a signal: the field holds a number for readers that know no other.
  const int exit_code = end.exit_code.value_or(end.signal ? 128 + *end.signal : -1);
  state.last_build_error = LastBuildError{
      .exit_code = exit_code,
      .error_output = last_of(end.error_output, kMostErrorLines),
      .last_output = last_of(end.last_output, kMostErrorLines),
      .command = end.command,
      .timestamp = now,
  };
}

void recover_build(TargetState& state, WallTime now) {
  if (state.status() != BuildStatus::Building) return;
  auto& build = *state.last_build;
  build.status = BuildStatus::Failure;
  build.timestamp = now;
  build.duration.reset();
  build.progress.reset();
  build.stalled_since.reset();
  build.error = kDaemonDied;
  build.error_summary = kDaemonDied;
}

void recover_hooks(TargetState& state) {
  for (auto& [name, hook] : state.hooks) {
    if (hook.status != HookStatus::Pending && hook.status != HookStatus::Running) continue;
    hook.status = HookStatus::Failure;
    hook.summary = "the daemon died during this hook";
  }
}

void recover_runner(TargetState& state) {
  if (!state.runner) return;
  auto& runner = *state.runner;
  runner.pid.reset();
  runner.port.reset();
  runner.listen.clear();
  runner.post_run.clear();
  switch (runner.status) {
    case RunnerStatus::Starting:
    case RunnerStatus::Running:
    case RunnerStatus::Stopping:
      runner.status = RunnerStatus::Idle;
      break;
    case RunnerStatus::Idle:
    case RunnerStatus::Completed:
    case RunnerStatus::Failed:
      break;
  }
}

}  // namespace

void on_build_started(TargetState& state, const BuildStart& start, WallTime now) {
  if (state.status() != BuildStatus::Building) {
    state.before_running = std::exchange(state.last_build, std::nullopt);
  }
  state.last_build = LastBuild{
      .id = start.id,
      .status = BuildStatus::Building,
      .timestamp = now,
      .git_hash = start.git_hash,
      .builder = start.builder,
      .trigger = first_of(start.trigger, kMostTrigger),
      .timing = start.timing,
  };
}

bool on_build_progress(TargetState& state, BuildId id, Progress progress) {
  if (!is_running(state, id)) return false;
  state.last_build->progress = std::move(progress);
  return true;
}

bool on_build_stalled(TargetState& state, BuildId id, std::optional<WallTime> since) {
  if (!is_running(state, id)) return false;
  state.last_build->stalled_since = since;
  return true;
}

bool on_build_ended(TargetState& state, const BuildEnd& end, WallTime now) {
  if (!is_running(state, end.id)) return false;
  auto before = std::exchange(state.before_running, std::nullopt);
  if (end.verdict == BuildVerdict::Cancelled) {
    state.last_build = std::move(before);
    return true;
  }
  const bool success = end.verdict == BuildVerdict::Success;
  auto& build = *state.last_build;
  build.status = success ? BuildStatus::Success : BuildStatus::Failure;
  build.timestamp = now;
  build.duration = end.duration;
  build.exit_code = end.exit_code;
  build.signal = end.signal;
  build.diagnostics = first_of(end.diagnostics, kMostDiagnostics);
  build.progress.reset();
  build.stalled_since.reset();
  build.outputs = end.outputs;
  build.timing = end.timing;
  ++state.stats.count;
  if (success) {
    record_success(state, end, now);
  } else {
    record_failure(state, end, now);
  }
  return true;
}

bool on_timing(TargetState& state, BuildId id, const Timing& timing) {
  for (auto* build : {&state.last_build, &state.before_running}) {
    if (!*build || (*build)->id != id) continue;
    (*build)->timing = timing;
    return true;
  }
  return false;
}

void recovered_after_crash(TargetState& state, WallTime now) {
  recover_build(state, now);
  recover_hooks(state);
  recover_runner(state);
  state.before_running.reset();
  state.freshness.reset();
  state.watch.reset();
  state.process.is_active = false;
}

}  // namespace poltergeist::state
