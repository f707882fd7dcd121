// SPDX-License-Identifier: MIT
#include "state/event.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/signal_names.h"
#include "base/text.h"
#include "state/target_state_json.h"
#include "state/timing_json.h"

namespace poltergeist::state {

namespace {

using nlohmann::json;

json array_of(const std::vector<std::string>& values) {
  json array = json::array();
  for (const auto& value : values) array.push_back(to_utf8(value));
  return array;
}

Told named(const BuildQueued& e) {
  return {"build_queued", {{"reason", to_utf8(e.reason)}}};
}
Told named(const BuildStarted& e) {
  return {"build_started",
          {{"id", e.build.value()},
           {"clock", e.clock},
           {"trigger", array_of(e.trigger)},
           {"reason", to_utf8(e.reason)}}};
}
Told named(const BuildProgress& e) {
  return {"build_progress", {{"id", e.build.value()}, {"progress", to_json(e.progress)}}};
}
Told named(const BuildStalled& e) {
  json data = {{"id", e.build.value()}, {"stalled", e.since.has_value()}};
  if (e.since) data["since"] = to_iso8601(*e.since);
  return {"build_stalled", std::move(data)};
}
Told named(const BuildLogged& e) {
  return {"build_log",
          {{"id", e.build.value()},
           {"level", name_in(kLogLevels, e.level)},
           {"message", to_utf8(e.message)}}};
}
Told named(const BuildEnded& e) {
  json data = {{"id", e.build.value()},
               {"verdict", name_in(kBuildVerdicts, e.verdict)},
               {"duration", e.duration.count()}};
  if (e.exit_code) data["exitCode"] = *e.exit_code;
  if (e.signal) data["signal"] = signal_name(*e.signal);
  if (!e.error_summary.empty()) data["errorSummary"] = to_utf8(e.error_summary);
  for (const auto& diagnostic : e.diagnostics) data["diagnostics"].push_back(to_json(diagnostic));
  if (e.timing) data["timing"] = to_json(*e.timing);
  return {"build_ended", std::move(data)};
}
Told named(const HookStarted& e) {
  return {"hook_started", {{"id", e.build.value()}, {"hook", to_utf8(e.hook)}}};
}
Told named(const HookEnded& e) {
  return {"hook_ended", {{"id", e.build.value()}, {"result", to_json(e.result)}}};
}
Told named(const RunnerChanged& e) {
  return {"runner", to_json(e.runner)};
}
Told named(const SidecarStarted& e) {
  return {"sidecar_started", {{"command", to_utf8(e.command)}}};
}
Told named(const SidecarExited& e) {
  json data = json::object();
  if (e.exit_code) data["exitCode"] = *e.exit_code;
  if (e.signal) data["signal"] = signal_name(*e.signal);
  return {"sidecar_exited", std::move(data)};
}
Told named(const FreshnessChanged& e) {
  return {"freshness", to_json(e.freshness)};
}
Told named(const TargetAdded&) {
  return {"target_added", json::object()};
}
Told named(const TargetRemoved&) {
  return {"target_removed", json::object()};
}
Told named(const TargetQuarantined& e) {
  return {"target_quarantined", {{"reason", to_utf8(e.reason)}}};
}
Told named(const ExecutionQueued& e) {
  return {"execution_queued",
          {{"task", e.task.value()}, {"queue", e.queue}, {"trigger", to_utf8(e.trigger)}}};
}
Told named(const ExecutionStarted& e) {
  return {"execution_started", {{"attempt", e.attempt}}};
}
Told named(const ExecutionLogged& e) {
  return {"execution_log",
          {{"level", name_in(kLogLevels, e.level)}, {"message", to_utf8(e.message)}}};
}
Told named(const ExecutionProgress& e) {
  return {"execution_progress", {{"percent", e.percent}, {"label", to_utf8(e.label)}}};
}
Told named(const ExecutionHeartbeat& e) {
  return {"execution_heartbeat",
          {{"by", e.by_command ? "command" : "daemon"}, {"elapsedMs", e.elapsed.count()}}};
}
Told named(const ExecutionRetried& e) {
  return {"execution_retried",
          {{"attempt", e.attempt}, {"delayMs", e.delay.count()}, {"message", to_utf8(e.message)}}};
}
Told named(const ExecutionEnded& e) {
  json data = {{"task", e.task.value()},
               {"outcome", name_in(kExecutionOutcomes, e.outcome)},
               {"attempt", e.attempt},
               {"durationMs", e.duration.count()}};
  if (e.output.is_object()) data["output"] = e.output;
  if (e.failure_kind) data["failureKind"] = name_in(kFailureKinds, *e.failure_kind);
  if (!e.message.empty()) data["message"] = to_utf8(e.message);
  if (e.exit_code) data["exitCode"] = *e.exit_code;
  if (e.signal) data["signal"] = signal_name(*e.signal);
  return {"execution_ended", std::move(data)};
}
Told named(const DaemonStarted& e) {
  return {"daemon_started", {{"pid", e.pid}, {"version", to_utf8(e.version)}}};
}
Told named(const DaemonStopping& e) {
  return {"daemon_stopping", {{"reason", to_utf8(e.reason)}}};
}
Told named(const WatchChanged& e) {
  return {"watch", to_json(e.watch)};
}
Told named(const ConfigurationChanged& e) {
  return {"configuration", {{"applied", e.applied}, {"problems", array_of(e.problems)}}};
}
Told named(const PauseChanged& e) {
  return {"pause", {{"paused", e.paused}}};
}
Told named(const StateDegraded& e) {
  return {"state_degraded", {{"reason", to_utf8(e.reason)}}};
}

template <typename T>
concept OfExecution = requires(const T& event) {
  event.execution;
};

template <typename T>
concept OfTarget = requires(const T& event) {
  event.target;
};

}  // namespace

std::string scope_for(const TargetId& target) {
  return "target:" + to_utf8(target.value());
}

std::string scope_for(ExecutionId execution) {
  return "execution:" + std::to_string(execution.value());
}

std::string scope_of(const EventBody& body) {
  return std::visit(
      [](const auto& event) {
        if constexpr (OfTarget<decltype(event)>) {
          return scope_for(event.target);
        } else if constexpr (OfExecution<decltype(event)>) {
          return scope_for(event.execution);
        } else {
          return std::string(kDaemonScope);
        }
      },
      body);
}

Told told(const EventBody& body) {
  return std::visit([](const auto& event) { return named(event); }, body);
}

}  // namespace poltergeist::state
