// SPDX-License-Identifier: MIT
#include "state/target_state_json.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/signal_names.h"
#include "base/text.h"
#include "state/timing_json.h"

namespace poltergeist::state {

namespace {

// Keys stay in the order in which they are set: the file is read by people as well.
using Object = nlohmann::ordered_json;

void set_text(Object& object, const char* key, std::string_view text) {
  if (!text.empty()) object[key] = to_utf8(text);
}

template <typename T>
void set_if(Object& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}

void set_time(Object& object, const char* key, const std::optional<WallTime>& time) {
  if (time) object[key] = to_iso8601(*time);
}

void set_ms(Object& object, const char* key, const std::optional<Milliseconds>& duration) {
  if (duration) object[key] = duration->count();
}

void set_signal(Object& object, const std::optional<int>& signal) {
  if (signal) object["signal"] = signal_name(*signal);
}

Object texts(const std::vector<std::string>& lines) {
  auto array = Object::array();
  for (const auto& line : lines) array.push_back(to_utf8(line));
  return array;
}

Object written(const Diagnostic& diagnostic) {
  Object object;
  object["file"] = to_utf8(diagnostic.file);
  object["line"] = diagnostic.line;
  object["column"] = diagnostic.column;
  object["severity"] = name_in(kSeverities, diagnostic.severity);
  set_text(object, "code", diagnostic.code);
  object["message"] = to_utf8(diagnostic.message);
  return object;
}

Object written(const Progress& progress) {
  Object object;
  object["current"] = progress.current;
  object["total"] = progress.total;
  object["percent"] = progress.percent;
  set_text(object, "label", progress.label);
  object["updatedAt"] = to_iso8601(progress.updated_at);
  return object;
}

Object written(const LastBuild& build) {
  Object object;
  object["id"] = build.id.value();
  object["status"] = name_in(kBuildStatuses, build.status);
  object["timestamp"] = to_iso8601(build.timestamp);
  set_ms(object, "duration", build.duration);
  if (build.duration) {
    object["buildTime"] = static_cast<double>(build.duration->count()) / 1000.0;
  }
  set_text(object, "gitHash", build.git_hash);
  set_text(object, "builder", build.builder);
  object["trigger"] = texts(build.trigger);
  set_if(object, "exitCode", build.exit_code);
  set_signal(object, build.signal);
  set_text(object, "error", build.error);
  set_text(object, "errorSummary", build.error_summary);
  if (!build.diagnostics.empty()) {
    auto& array = object["diagnostics"] = Object::array();
    for (const auto& diagnostic : build.diagnostics) array.push_back(written(diagnostic));
  }
  if (build.progress) object["progress"] = written(*build.progress);
  if (build.stalled_since) object["stalledSince"] = to_iso8601(*build.stalled_since);
  if (!build.artifacts.empty()) object["artifacts"] = texts(build.artifacts);
  if (!build.outputs.empty()) object["outputs"] = build.outputs;
  if (build.timing) object["timing"] = to_json(*build.timing);
  return object;
}

Object written(const LastBuildError& error) {
  Object object;
  object["exitCode"] = error.exit_code;
  object["errorOutput"] = texts(error.error_output);
  object["lastOutput"] = texts(error.last_output);
  object["command"] = to_utf8(error.command);
  object["timestamp"] = to_iso8601(error.timestamp);
  return object;
}

Object written(const BuildStats& stats) {
  Object object;
  object["count"] = stats.count;
  object["successes"] = stats.successes;
  set_ms(object, "averageDuration", stats.average());
  set_ms(object, "minDuration", stats.shortest());
  set_ms(object, "maxDuration", stats.longest());
  auto& array = object["successfulBuilds"] = Object::array();
  for (const auto& build : stats.recent) {
    Object entry;
    entry["duration"] = build.duration.count();
    entry["timestamp"] = to_iso8601(build.timestamp);
    array.push_back(std::move(entry));
  }
  return object;
}

Object written(const Process& process) {
  Object object;
  object["pid"] = process.pid;
  object["hostname"] = to_utf8(process.hostname);
  object["isActive"] = process.is_active;
  object["startTime"] = to_iso8601(process.start_time);
  object["lastHeartbeat"] = to_iso8601(process.last_heartbeat);
  return object;
}

Object written(const WatchState& watch) {
  Object object;
  object["state"] = name_in(kWatchStatuses, watch.state);
  set_text(object, "reason", watch.reason);
  object["clock"] = watch.clock;
  return object;
}

Object written(const Freshness& freshness) {
  Object object;
  object["fresh"] = freshness.fresh;
  object["dirtyClock"] = freshness.dirty_clock;
  object["builtClock"] = freshness.built_clock;
  return object;
}

Object written(const HookResult& hook) {
  Object object;
  object["name"] = to_utf8(hook.name);
  object["status"] = name_in(kHookStatuses, hook.status);
  set_text(object, "summary", hook.summary);
  if (!hook.lines.empty()) object["lines"] = texts(hook.lines);
  set_time(object, "startedAt", hook.started_at);
  set_time(object, "completedAt", hook.completed_at);
  set_ms(object, "durationMs", hook.duration);
  set_if(object, "exitCode", hook.exit_code);
  if (hook.outputs.is_object()) object["outputs"] = hook.outputs;
  object["trigger"] = name_in(kBuildVerdicts, hook.trigger);
  return object;
}

Object written(const RunnerState& runner) {
  Object object;
  set_text(object, "kind", runner.kind);
  object["status"] = name_in(kRunnerStatuses, runner.status);
  set_if(object, "pid", runner.pid);
  object["restarts"] = runner.restarts;
  if (runner.crashes > 0) object["crashes"] = runner.crashes;
  object["generation"] = runner.generation.value();
  if (runner.rolled_back_from != BuildId()) {
    object["rolledBackFrom"] = runner.rolled_back_from.value();
    set_text(object, "rolledBackBecause", runner.rolled_back_because);
  }
  set_time(object, "startedAt", runner.started_at);
  set_if(object, "exitCode", runner.exit_code);
  set_signal(object, runner.signal);
  set_if(object, "port", runner.port);
  if (!runner.listen.empty()) object["listen"] = texts(runner.listen);
  set_text(object, "command", runner.command);
  set_text(object, "postRun", runner.post_run);
  return object;
}

void write_identity(Object& object, const TargetState& state) {
  const auto& identity = state.identity;
  object["version"] = kStateVersion;
  object["seq"] = state.seq;
  object["projectPath"] = to_utf8(identity.project_root.string());
  object["projectName"] = to_utf8(identity.project_name);
  object["target"] = to_utf8(identity.target.value());
  object["targetType"] = to_utf8(identity.type);
  object["configPath"] = to_utf8(identity.config_path.string());
  object["process"] = written(state.process);
}

void write_build(Object& object, const TargetState& state) {
  if (state.last_build) {
    Object build;
    build["targetName"] = object["target"];
    build.update(written(*state.last_build));
    object["lastBuild"] = std::move(build);
  }
  if (state.last_build_error) object["lastBuildError"] = written(*state.last_build_error);
  if (state.stats.count > 0) object["buildStats"] = written(state.stats);
}

Object written(const TargetState& state) {
  Object object;
  write_identity(object, state);
  if (state.watch) object["watch"] = written(*state.watch);
  write_build(object, state);
  if (state.freshness) object["freshness"] = written(*state.freshness);
  if (!state.output_path.empty()) {
    object["appInfo"] = {{"outputPath", to_utf8(state.output_path)}};
  }
  if (!state.hooks.empty()) {
    auto& hooks = object["postBuildResults"];
    for (const auto& [name, hook] : state.hooks) hooks[to_utf8(name)] = written(hook);
  }
  if (state.runner) object["runner"] = written(*state.runner);
  return object;
}

}  // namespace

nlohmann::json to_json(const TargetState& state) {
  return written(state);
}
nlohmann::json to_json(const LastBuild& build) {
  return written(build);
}
nlohmann::json to_json(const Diagnostic& diagnostic) {
  return written(diagnostic);
}
nlohmann::json to_json(const Progress& progress) {
  return written(progress);
}
nlohmann::json to_json(const HookResult& hook) {
  return written(hook);
}
nlohmann::json to_json(const RunnerState& runner) {
  return written(runner);
}
nlohmann::json to_json(const WatchState& watch) {
  return written(watch);
}
nlohmann::json to_json(const Freshness& freshness) {
  return written(freshness);
}

std::string state_text(const TargetState& state) {
  return written(state).dump(2) + "\n";
}

}  // namespace poltergeist::state
