// SPDX-License-Identifier: MIT
#include "daemon/answers.h"

#include <unistd.h>

#include "base/text.h"
#include "daemon/reasons.h"
#include "process/environment.h"
#include "state/target_state_json.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr std::size_t kProgressLines = 10;

api::Answer answer_of(const build::Verdict& verdict) {
  switch (verdict.standing) {
    case build::Standing::Fresh:
      return api::Answer::Fresh;
    case build::Standing::Failed:
      return verdict.stale ? api::Answer::Stale : api::Answer::Failed;
    case build::Standing::Blocked:
      return api::Answer::Blocked;
    case build::Standing::Building:
    case build::Standing::Pending:
      return api::Answer::Stale;
    case build::Standing::Unknown:
      break;
  }
  return api::Answer::Unknown;
}

// A moment of the build's past as a time of day.
std::string wall_time_of(Instant when) {
  return to_iso8601(wall_now() - std::chrono::duration_cast<Milliseconds>(now() - when));
}

void add(api::Json& json, const build::Why& why) {
  json["cause"] = name_in(build::kCauses, why.cause);
  json["paths"] = texts_of(why.paths);
  json["totalPaths"] = std::max(why.total_paths, why.paths.size());
  json["clock"] = why.clock;
  json["startedAt"] = wall_time_of(why.started);
  if (why.dependency) json["dependency"] = why.dependency->value();
  const auto ms_since = [&](Instant when) {
    return std::chrono::duration_cast<Milliseconds>(why.started - when).count();
  };
  if (why.first_event) json["waitedMs"] = ms_since(*why.first_event);
  if (why.window_closed) json["waitedAfterWindowMs"] = ms_since(*why.window_closed);
  if (why.queued) json["queuedMs"] = ms_since(*why.queued);
}

}  // namespace

bool Answers::is_configured(const TargetId& target) const {
  return project_.find(target) != nullptr;
}

bool Answers::is_enabled(const TargetId& target) const {
  const auto* configured = project_.find(target);
  return configured != nullptr && configured->enabled;
}

bool Answers::cannot_know() const {
  return watching_.state().state == state::WatchStatus::Failed;
}

// Of the target itself, or of the dependency that holds it, if that is held in its turn.
build::Verdict Answers::last_hold(const TargetId& target) const {
  auto verdict = building_.core().verdict(target);
  while (verdict.hold == build::Hold::Dependency && verdict.blocked_by) {
    verdict = building_.core().verdict(*verdict.blocked_by);
  }
  return verdict;
}

bool Answers::nobody_builds(const TargetId& target) const {
  const auto hold = last_hold(target).hold;
  return hold == build::Hold::Disabled || hold == build::Hold::Paused || hold == build::Hold::Loop;
}

// "lib is built first" would promise what nobody does while builds are paused.
std::string Answers::reason_for(const TargetId& target) const {
  return reason_of(target,
                   nobody_builds(target) ? last_hold(target) : building_.core().verdict(target));
}

BuildId Answers::last_build(const TargetId& target) const {
  const auto* state = publishing_.states().find(target);
  if (state == nullptr || !state->last_build) return {};
  return state->last_build->id;
}

api::WatchInfo Answers::watch() const {
  const auto state = watching_.state();
  return {std::string(name_in(state::kWatchStatuses, state.state)), state.reason, state.clock};
}

api::TargetAnswer Answers::answer_for(const TargetId& name) const {
  api::TargetAnswer answer;
  answer.target = name.value();
  const auto verdict = building_.core().verdict(name);
  answer.answer = answer_of(verdict);
  answer.attempts = verdict.attempts;
  answer.reason = reason_for(name);
  if (verdict.hold == build::Hold::Dependency && verdict.blocked_by) {
    const auto further =
        reason_of(*verdict.blocked_by, building_.core().verdict(*verdict.blocked_by));
    if (!further.empty()) answer.reason += ": " + further;
  }
  if (cannot_know()) {
    answer.answer = api::Answer::Unknown;
    answer.reason = watching_.state().reason;
  }
  if (const auto* target = project_.find(name)) {
    answer.type = name_in(config::kTargetTypes, target->type);
    if (target->auto_run) {
      answer.restart = api::RestartSettings{.signal = target->auto_run->restart_signal,
                                            .delay = target->auto_run->restart_delay,
                                            .stop_timeout = target->auto_run->stop_timeout};
    }
  }
  if (answer.answer == api::Answer::Failed) answer.environment = environment_of(name);
  answer.output_path = building_.artifact_of(name);
  answer.log_file = publishing_.paths().log_file(name).string();
  const auto* state = publishing_.states().find(name);
  if (state == nullptr || !state->last_build) return answer;
  const auto& build = *state->last_build;
  answer.build = build.id;
  answer.duration = build.duration.value_or(Milliseconds(0));
  answer.exit_code = build.exit_code;
  answer.signal = build.signal;
  answer.error_summary = build.error_summary;
  for (const auto& diagnostic : build.diagnostics) {
    answer.diagnostics.push_back(state::to_json(diagnostic));
  }
  if (state->last_build_error) answer.last_output = state->last_build_error->last_output;
  if (build.status != state::BuildStatus::Building) {
    answer.finished_at = to_iso8601(build.timestamp);
    answer.started_at = to_iso8601(build.timestamp - answer.duration);
  }
  return answer;
}

process::ToolVariables Answers::environment_of(const TargetId& name) const {
  const auto* target = project_.find(name);
  if (target == nullptr) return {};
  return process::tool_variables(
      process::merged_environment(process::own_environment(), target->env));
}

api::WaitResult Answers::result_for(const std::vector<TargetId>& targets) const {
  api::WaitResult result;
  for (const auto& target : targets) result.targets.push_back(answer_for(target));
  result.watch = watch();
  return result;
}

api::ProgressNote Answers::progress_of(const TargetId& target) const {
  api::ProgressNote note;
  note.target = target.value();
  const auto* state = publishing_.states().find(target);
  if (state != nullptr) note.average = state->stats.average();
  const auto* execution = building_.execution_of(target);
  if (execution == nullptr) {
    note.phase = building_.core().verdict(target).hold == build::Hold::Slot ? "queued" : "waiting";
    note.label = reason_of(target, building_.core().verdict(target));
    return note;
  }
  note.phase = "building";
  note.command = execution->command();
  note.lines = execution->last_lines(kProgressLines);
  for (auto& line : note.lines) line = to_utf8(line);
  if (const auto& progress = execution->progress()) {
    note.percent = progress->percent;
    note.label = progress->label;
  }
  return note;
}

api::Json Answers::queue() const {
  api::Json building = api::Json::array();
  for (const auto& running : building_.core().running()) building.push_back(running.target.value());
  api::Json waiting = api::Json::array();
  for (const auto& target : building_.core().queue(now())) waiting.push_back(target.value());
  return {{"building", building},
          {"waiting", waiting},
          {"parallelization", project_.scheduling.parallelization},
          {"onChange", name_in(config::kOnChange, project_.scheduling.on_change)}};
}

api::Json Answers::worker() const {
  const auto load = tasking_.load();
  api::Json json = {{"name", project_.worker.name},
                    {"queue", project_.worker.queue},
                    {"concurrency", load.settings.concurrency},
                    {"executing", load.executing},
                    {"waiting", load.waiting}};
  if (!load.settings.queues.empty()) json["queues"] = load.settings.queues;
  return json;
}

api::Json Answers::status_of(const config::Target& target) const {
  const auto* state = publishing_.states().find(target.name);
  api::Json json = state == nullptr ? api::Json::object() : state::to_json(*state);
  const auto verdict = building_.core().verdict(target.name);
  json["enabled"] = target.enabled;
  json["type"] = name_in(config::kTargetTypes, target.type);
  json["status"] =
      name_in(state::kBuildStatuses, state == nullptr ? state::BuildStatus::Idle : state->status());
  json["standing"] = name_in(build::kStandings, verdict.standing);
  json["hold"] = name_in(build::kHolds, verdict.hold);
  if (auto reason = reason_for(target.name); !reason.empty()) json["reason"] = reason;
  if (verdict.blocked_by) json["blockedBy"] = verdict.blocked_by->value();
  json["buildCommand"] = building_.command_of(target.name);
  json["logFile"] = publishing_.paths().log_file(target.name).string();
  json["files"] = watching_.file_count(target.name);
  if (target.auto_run && !target.auto_run->cleanup.empty()) {
    json["cleanup"] = target.auto_run->cleanup;
  }
  if (!target.depends_on.empty()) {
    api::Json names = api::Json::array();
    for (const auto& name : target.depends_on) names.push_back(name.value());
    json["dependsOn"] = names;
  }
  return json;
}

api::Json Answers::status(const std::optional<TargetId>& only) const {
  api::Json targets = api::Json::object();
  for (const auto& target : project_.targets) {
    if (only && target.name != *only) continue;
    targets[target.name.value()] = status_of(target);
  }
  const auto counters = watching_.counters();
  api::Json watch = api::to_json(this->watch());
  watch["backend"] = watching_.backend();
  if (!watching_.choice().empty()) watch["choice"] = watching_.choice();
  watch["files"] = counters.files;
  watch["watches"] = counters.watches;
  watch["polled"] = counters.polled;
  watch["directories"] = counters.directories;
  watch["overflows"] = counters.overflows;
  watch["rescans"] = counters.rescans;
  watch["rewritten"] = counters.rewritten;
  watch["unheard"] = counters.unheard;
  api::Json daemon = {{"pid", ::getpid()},
                      {"version", version_},
                      {"startTime", to_iso8601(started_)},
                      {"project", project_.root.string()},
                      {"configPath", project_.file.string()},
                      {"logFile", to_utf8(log_file_.string())},
                      {"socket", publishing_.paths().socket().string()}};
  if (const auto degraded = publishing_.degraded(); !degraded.empty()) {
    daemon["degraded"] = to_utf8(degraded);
  }
  daemon["environment"] = process::tool_variables(process::own_environment());
  if (is_replaced(program_)) daemon["replaced"] = true;
  return {
      {"daemon", std::move(daemon)},
      {"watch", std::move(watch)},
      {"paused", building_.core().is_paused()},
      {"queue", queue()},
      {"worker", worker()},
      {"configuration", {{"valid", configuration_.valid}, {"problems", configuration_.problems}}},
      {"targets", std::move(targets)}};
}

api::Json Answers::why_target(const TargetId& target) const {
  const auto verdict = building_.core().verdict(target);
  api::Json json = {{"target", target.value()},
                    {"standing", name_in(build::kStandings, verdict.standing)},
                    {"dirtyClock", verdict.dirty_clock},
                    {"builtClock", verdict.built_clock}};
  json["hold"] = name_in(build::kHolds, verdict.hold);
  if (auto reason = reason_for(target); !reason.empty()) json["reason"] = reason;
  if (const auto* why = building_.core().why(target)) {
    add(json, *why);
    json["buildId"] = last_build(target).value();
  }
  return json;
}

api::Json Answers::why_path(const RelPath& path) const {
  const auto explanation = watching_.why(path);
  api::Json claims = api::Json::array();
  for (const auto& claim : explanation.claims) {
    const auto* target = watching_.target_at(claim.target);
    claims.push_back({{"target", target == nullptr ? "the configuration" : target->value()},
                      {"pattern", to_utf8(claim.pattern)},
                      {"counts", claim.counts}});
  }
  api::Json json = {{"path", to_utf8(path.text())},
                    {"exists", explanation.exists},
                    {"counts", explanation.counts()},
                    {"targets", std::move(claims)}};
  if (const auto& rule = explanation.ignored) {
    json["ignored"] = {{"authority", name_in(watch::kAuthorities, rule->authority)},
                       {"path", to_utf8(rule->path.text())},
                       {"pattern", to_utf8(rule->pattern)}};
    if (!rule->source.empty()) json["ignored"]["source"] = to_utf8(rule->source);
    if (rule->line > 0) json["ignored"]["line"] = rule->line;
    if (!rule->reason.empty()) json["ignored"]["reason"] = rule->reason;
  }
  return json;
}

}  // namespace poltergeist::daemon
