// SPDX-License-Identifier: MIT
#include "daemon/building.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/child_environment.h"
#include "daemon/facts.h"
#include "daemon/git_head.h"
#include "daemon/outputs.h"
#include "daemon/reasons.h"
#include "daemon/watching.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

// Longer lists of changed paths are cut: an environment has its limits (E2BIG).
constexpr std::size_t kMostTriggerBytes = 4 << 10;

std::string trigger_text(const build::Why& why) {
  std::string text;
  for (const auto& path : why.paths) {
    if (text.size() + path.text().size() + 1 > kMostTriggerBytes) break;
    if (!text.empty()) text += '\n';
    text += path.text();
  }
  return text;
}

state::BuildVerdict verdict_of(const BuildEndReport& report) {
  if (report.success) return state::BuildVerdict::Success;
  return report.cancelled ? state::BuildVerdict::Cancelled : state::BuildVerdict::Failure;
}

build::Outcome outcome_of(const BuildEndReport& report) {
  if (report.success) return build::Outcome::Success;
  if (report.cancelled) return build::Outcome::Cancelled;
  return report.impossible ? build::Outcome::Impossible : build::Outcome::Failure;
}

}  // namespace

Building::Building(Parts parts, Listener listener)
    : executor_(parts.executor),
      publishing_(parts.publishing),
      project_(parts.project),
      kept_state_(parts.kept_state),
      listener_(std::move(listener)),
      hooking_(parts),
      core_(publishing_.next_build_id()),
      timer_(executor_.loop(), "building", [this] {
        // What the kernel has ready comes first, so that a build never starts from less than is
        // known.
        if (watching_ != nullptr) watching_->take_ready();
        enqueue(core_.on_time(now()));
      }) {
  hooking_.on_gone = [this] { listener_.on_settled(); };
}

Building::~Building() = default;

void Building::begin(Watching& watching) {
  watching_ = &watching;
  enqueue(core_.configure(build::settings_for(project_), now()));
  for (const auto& target : core_.unevaluated()) evaluate(target);
}

void Building::configure(const config::Difference& difference) {
  for (const auto& removed : difference.removed) hooking_.on_target_removed(removed);
  enqueue(core_.configure(build::settings_for(project_), now()));
  for (const auto& target : core_.unevaluated()) evaluate(target);
}

void Building::evaluate(const TargetId& name) {
  const auto* target = project_.find(name);
  if (target == nullptr) return;
  const auto last = publishing_.last_success(name);
  const auto plan = plan_of(*target, {}, 0);
  const bool fresh = last && plan && !last->fingerprint.empty() &&
                     last->fingerprint == input_fingerprint(*target) &&
                     last->output_fingerprint == output_fingerprint(*plan);
  log_info("{} is {} at start", name.value(), fresh ? "fresh" : "not up to date");
  if (fresh) {
    watching_->begin_build(name);
    if (const auto artifact = artifact_in(*plan); !artifact.empty()) {
      publishing_.states().set_output_path(name, artifact, {now(), wall_now()});
    }
  }
  enqueue(core_.on_evaluated(name, fresh ? build::Evaluation::Fresh : build::Evaluation::Stale,
                             watching_->clock(), now()));
  if (fresh) listener_.on_success(name, last->id);
}

std::string Building::input_fingerprint(const config::Target& target) const {
  const auto files = watching_->fingerprint(target.name);
  return files.empty() ? std::string() : files + definition_digest(target);
}

Result<build::Plan> Building::plan_of(const config::Target& target,
                                      const std::vector<RelPath>& changed,
                                      std::size_t total) const {
  const auto environment = process::own_environment();
  return build::plan_for(target, look_up(build::wanted_facts(target, project_.root), project_,
                                         path_in(target.env, environment), changed, total));
}

void Building::on_touched(const std::vector<build::Touched>& touched, Clock clock) {
  enqueue(core_.on_changes(touched, clock, now()));
}

void Building::on_git_operation(bool running) {
  enqueue(core_.on_git_operation(running ? build::GitOperation::Running : build::GitOperation::Over,
                                 now()));
}

void Building::request(const TargetId& target, build::Force force) {
  enqueue(core_.request(target, force, now()));
}

void Building::hurry(const TargetId& target) {
  enqueue(core_.hurry(target, now()));
}

void Building::check_artifact(const TargetId& target) {
  if (core_.verdict(target).standing != build::Standing::Fresh) return;
  const auto artifact = artifact_of(target);
  if (artifact.empty() || ::access(artifact.c_str(), F_OK) == 0) return;
  log_info("{}: {} is gone, building it again", target.value(), artifact);
  request(target, build::Force::Yes);
}

build::LeaseId Building::lease(const TargetId& target) {
  const auto id = core_.lease(target, now());
  timer_.arm(core_.deadline());
  return id;
}

void Building::release(build::LeaseId lease) {
  enqueue(core_.release(lease, now()));
}
void Building::pause() {
  enqueue(core_.pause(now()));
}
void Building::resume() {
  enqueue(core_.resume(now()));
}

std::string Building::artifact_of(const TargetId& name) const {
  const auto* state = publishing_.states().find(name);
  if (state != nullptr && !state->output_path.empty()) return state->output_path;
  const auto* target = project_.find(name);
  if (target == nullptr) return {};
  const auto plan = plan_of(*target, {}, 0);
  if (!plan || plan->artifacts.empty()) return {};
  const auto found = artifact_in(*plan);
  return found.empty() ? plan->artifacts.front().string() : found;
}

const BuildExecution* Building::execution_of(const TargetId& target) const {
  const auto found = executions_.find(target);
  return found == executions_.end() ? nullptr : found->second.execution.get();
}

std::string Building::command_of(const TargetId& name) const {
  const auto* target = project_.find(name);
  if (target == nullptr) return {};
  const auto plan = plan_of(*target, {}, 0);
  return plan && !plan->steps.empty() ? plan->steps.back().shown : std::string();
}

// Performing an action can produce further ones (a build that cannot be started ends at once): they
// are performed after those that wait, never within.
void Building::enqueue(build::Actions actions) {
  waiting_.insert(waiting_.end(), std::make_move_iterator(actions.begin()),
                  std::make_move_iterator(actions.end()));
  if (performing_) return;
  performing_ = true;
  while (!waiting_.empty() && !closed_) {
    const build::Action action = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  performing_ = false;
  timer_.arm(closed_ ? std::nullopt : core_.deadline());
  publish_freshness();
  listener_.on_settled();
}

void Building::publish_freshness() {
  if (closed_) return;
  for (const auto& target : project_.targets) {
    const auto verdict = core_.verdict(target.name);
    if (verdict.standing != build::Standing::Unknown) publishing_.freshness(target.name, verdict);
  }
}

void Building::perform(const build::StartBuild& start) {
  const auto* target = project_.find(start.target);
  if (target == nullptr) return;
  hooking_.on_build_started(start.target);
  watching_->begin_build(start.target);
  auto plan = plan_of(*target, start.why.paths, start.why.total_paths);
  if (!plan) {
    announce(start, "none", input_fingerprint(*target), std::nullopt);
    end_without_plan(start, plan.error());
    return;
  }
  config::Environment env = plan->env;
  for (const auto& [name, value] : kept_state_.variables_of(state::scope_for(start.target))) {
    env[name] = value;
  }
  env["POLTERGEIST_BUILD_ID"] = std::to_string(start.build.value());
  env["POLTERGEIST_TRIGGER"] = trigger_text(start.why);
  BuildOrder order{
      .target = start.target,
      .build = start.build,
      .plan = *plan,
      .env = child_environment(project_, publishing_.paths(), start.target, std::move(env)),
      .log_file = publishing_.paths().log_file(start.target),
      .timeout = target->timeout,
      .grace_period = target->grace_period,
      .exit_codes = target->exit_codes};
  BuildExecution::Listener listener;
  // Its inputs are those of now, not of when its command has been started.
  listener.on_started = [this, start, builder = plan->builder,
                         fingerprint = input_fingerprint(*target)](std::optional<Instant> spawned) {
    announce(start, builder, fingerprint, spawned);
  };
  listener.on_line = [this, name = start.target, build = start.build](std::string_view line) {
    listener_.on_output(name, build, line);
  };
  listener.on_progress = [this, name = start.target,
                          build = start.build](const build::Progress& progress) {
    publishing_.build_progressed(name, build, progress);
  };
  listener.on_command = [this, name = start.target,
                         build = start.build](const process::ProtocolCommand& said) {
    take_command(name, build, said);
  };
  listener.on_stalled = [this, name = start.target, build = start.build](
                            std::optional<Instant> since) { tell_stalled(name, build, since); };
  listener.on_end = [this, name = start.target](const BuildEndReport& report) {
    on_end(name, report);
  };
  auto& running = executions_[start.target];
  running.plan = std::move(*plan);
  running.execution =
      std::make_unique<BuildExecution>(executor_, std::move(order), std::move(listener));
  running.execution->start();
}

void Building::announce(const build::StartBuild& start, const std::string& builder,
                        const std::string& fingerprint, std::optional<Instant> spawned) {
  log_info("build {} of {} starts: {}", start.build.value(), start.target.value(),
           reason_of(start.why));
  publishing_.build_began({.target = start.target,
                           .build = start.build,
                           .why = start.why,
                           .builder = builder,
                           .git_hash = git_head_of(project_.root),
                           .fingerprint = fingerprint,
                           .spawned = spawned});
}

void Building::end_without_plan(const build::StartBuild& start, const Error& error) {
  log_warn("{}: {}", start.target.value(), error.message);
  state::BuildLog(publishing_.paths().log_file(start.target))
      .append("[poltergeist] " + error.message);
  publishing_.build_finished({.target = start.target,
                              .build = start.build,
                              .verdict = state::BuildVerdict::Failure,
                              .how_it_ended = error.message,
                              .last_output = {error.message}});
  auto actions = core_.on_ended(start.build, build::Outcome::Impossible, now());
  listener_.on_failure(start.target, error.message);
  enqueue(std::move(actions));
}

void Building::perform(const build::CancelBuild& cancel) {
  const auto found = executions_.find(cancel.target);
  if (found == executions_.end()) return;
  log_info("build {} of {} is cancelled: {}", cancel.build.value(), cancel.target.value(),
           name_in(build::kCancelReasons, cancel.reason));
  found->second.execution->cancel();
}

void Building::take_command(const TargetId& target, BuildId build,
                            const process::ProtocolCommand& said) {
  if (const auto* message = std::get_if<process::LogMessage>(&said)) {
    const auto text = for_terminal(message->message);
    log_at(message->level, "build {} of {}: {}", build.value(), target.value(), text);
    publishing_.build_said(target, build, message->level, text);
  } else if (const auto* kept = std::get_if<process::SetState>(&said)) {
    kept_state_.set(state::scope_for(target), kept->key, kept->value);
  }
}

void Building::tell_stalled(const TargetId& target, BuildId build, std::optional<Instant> since) {
  if (since) {
    log_warn(
        "build {} of {} is stalled: it has printed nothing and used hardly any processor time for "
        "{}; it may wait for something, and timeoutSeconds would end it",
        build.value(), target.value(), format_duration(now() - *since));
  } else {
    log_info("build {} of {} goes on", build.value(), target.value());
  }
  publishing_.build_stalled(target, build, since);
}

void Building::on_end(const TargetId& name, BuildEndReport report) {
  // What happened while it ran must be known as such: it may have read what is gone again by now.
  if (!closed_) watching_->end_build();
  // That may have been the target's removal from the configuration.
  if (project_.find(name) == nullptr) {
    report.success = false;
    report.cancelled = true;
  }
  const auto found = executions_.find(name);
  // Kept alive to the end: it is the one who tells us.
  const Running ended = std::move(found->second);
  executions_.erase(found);
  const BuildId build = ended.execution->build();
  log_info("build {} of {} ended: {} in {}", build.value(), name.value(),
           report.success ? "success" : report.how_it_ended, format_duration(report.duration));

  auto actions = core_.on_ended(build, outcome_of(report), now());
  const auto verdict = core_.verdict(name);
  const auto artifact = report.success ? artifact_in(ended.plan) : std::string();
  std::vector<std::string> artifacts;
  if (report.success) {
    for (const auto& output : ended.plan.outputs) artifacts.push_back(output.string());
  }
  publishing_.build_finished(
      {.target = name,
       .build = build,
       .verdict = verdict_of(report),
       .duration = report.duration,
       .ended = report.ended,
       .exit_code = report.exit_code,
       .signal = report.signal,
       .how_it_ended = report.how_it_ended,
       .diagnostics = report.diagnostics,
       .last_output = report.last_output,
       .command = report.command,
       .artifacts = std::move(artifacts),
       .outputs = report.outputs,
       .output_path = artifact,
       .output_fingerprint = report.success ? output_fingerprint(ended.plan) : std::string(),
       .fingerprint = fingerprint_if_fresh(name),
       .log_bytes = report.log_bytes,
       // Something newer is to be built, or is being built already: the failure means nothing yet.
       .superseded = !report.success && verdict.standing != build::Standing::Failed,
       .retried = verdict.hold == build::Hold::Retry});
  if (report.success) {
    kept_state_.forget(state::scope_for(name));
    listener_.on_success(name, build);
    hooking_.on_build_ended(name, build, config::HookTrigger::Success);
  } else if (!report.cancelled) {
    listener_.on_failure(
        name, build::error_summary(report.diagnostics, report.last_output, report.how_it_ended));
    hooking_.on_build_ended(name, build, config::HookTrigger::Failure);
  }
  enqueue(std::move(actions));
}

std::string Building::fingerprint_if_fresh(const TargetId& name) const {
  const auto* target = project_.find(name);
  const bool fresh = core_.verdict(name).standing == build::Standing::Fresh;
  return fresh && target != nullptr ? input_fingerprint(*target) : std::string();
}

void Building::close() {
  closed_ = true;
  for (const auto& target : project_.targets) {
    const auto fingerprint = fingerprint_if_fresh(target.name);
    if (!fingerprint.empty()) publishing_.set_fingerprint(target.name, fingerprint);
  }
  timer_.arm(std::nullopt);
  hooking_.kill_all();
  for (auto& [name, running] : executions_) running.execution->kill();
}

}  // namespace poltergeist::daemon
