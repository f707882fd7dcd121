// SPDX-License-Identifier: MIT
#include "daemon/running.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/child_environment.h"
#include "process/command_line.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr std::string_view kRunnerChannel = "runner";

bool is_wanted(const config::Target& target) {
  return target.enabled && target.auto_run && target.auto_run->enabled;
}

// Whether a running program is no longer what the settings describe.
bool is_another_program(const config::AutoRun& before, const config::AutoRun& after) {
  return before.command != after.command || before.args != after.args || before.env != after.env;
}

state::RunnerStatus status_of(runners::RunnerState state) {
  return value_in(state::kRunnerStatuses, name_in(runners::kRunnerStates, state))
      .value_or(state::RunnerStatus::Idle);
}

}  // namespace

ExecutableRunner::ExecutableRunner(process::Orphanage& orphanage, Publishing& publishing,
                                   const config::Project& project, const config::Target& target,
                                   ArtifactOf artifact_of, std::function<void()> on_down)
    : orphanage_(orphanage),
      publishing_(publishing),
      project_(project),
      target_(target),
      artifact_of_(std::move(artifact_of)),
      on_down_(std::move(on_down)),
      core_(runners::policy_for(*target.auto_run)),
      log_(publishing.paths().log_file(target.name, kRunnerChannel)),
      timer_(orphanage.loop(), "a runner", [this] { enqueue(core_.on_time(now())); }) {
  publishing_.runner_changed(target_.name, state());
}

void ExecutableRunner::on_success(BuildId build) {
  enqueue(core_.on_success(build, now()));
}
void ExecutableRunner::on_build_failed(const std::string& summary) {
  enqueue(core_.on_build_failed(summary, now()));
}
void ExecutableRunner::start() {
  enqueue(core_.request_start(now()));
}
void ExecutableRunner::stop() {
  enqueue(core_.request_stop(now()));
}
void ExecutableRunner::forget() {
  enqueue(core_.request_forget(now()));
}
void ExecutableRunner::restart() {
  enqueue(core_.request_restart(now()));
}

void ExecutableRunner::kill() {
  if (unit_) unit_->kill_all();
}

void ExecutableRunner::set_target(const config::Target& target) {
  const bool another = is_another_program(*target_.auto_run, *target.auto_run);
  target_ = target;
  core_.set_policy(runners::policy_for(*target.auto_run));
  if (another && core_.state() == runners::RunnerState::Running) restart();
}

state::RunnerState ExecutableRunner::state() const {
  state::RunnerState state;
  state.kind = "executable";
  state.status = status_of(core_.state());
  if (unit_ && !unit_->has_exited()) state.pid = unit_->pid();
  state.restarts = static_cast<int>(core_.restarts());
  state.generation = core_.running_generation();
  state.started_at = started_at_;
  if (const auto exit = core_.last_exit()) {
    (exit->kind == Exit::Kind::Code ? state.exit_code : state.signal) = exit->number;
  }
  state.command = command_;
  return state;
}

// Performing an action can produce further ones (a launch succeeds or fails at once): they come
// after those that wait.
void ExecutableRunner::enqueue(runners::Actions actions) {
  waiting_.insert(waiting_.end(), actions.begin(), actions.end());
  if (performing_) return;
  performing_ = true;
  while (!waiting_.empty()) {
    const runners::Action action = std::move(waiting_.front());
    waiting_.pop_front();
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  performing_ = false;
  timer_.arm(core_.deadline());
  if (core_.is_down()) on_down_();
}

Result<process::SpawnPlan> ExecutableRunner::plan_for(BuildId generation) const {
  const auto& settings = *target_.auto_run;
  process::SpawnPlan plan;
  if (settings.command.empty()) {
    const auto artifact = artifact_of_(target_.name);
    if (artifact.empty()) {
      return fail(Errc::NotFound, "{} has no artifact to run", target_.name.value());
    }
    plan.argv = process::command_line(artifact, settings.args);
  } else {
    const std::filesystem::path command = settings.command;
    // A path is relative to the root; a bare name is looked up in PATH.
    const bool is_path = settings.command.find('/') != std::string::npos;
    plan.argv = {is_path ? (project_.root / command).lexically_normal().string()
                         : settings.command};
    plan.argv.insert(plan.argv.end(), settings.args.begin(), settings.args.end());
  }
  plan.cwd = target_.cwd.empty() ? project_.root : project_.root / target_.cwd;
  auto env = settings.env;
  env["POLTERGEIST_BUILD_ID"] = std::to_string(generation.value());
  plan.env = child_environment(project_, publishing_.paths(), target_.name, std::move(env));
  plan.out = process::Stream::pipe();
  plan.err = process::Stream::same_as_out();
  return plan;
}

void ExecutableRunner::perform(const runners::Launch& launch) {
  unit_.reset();
  auto plan = plan_for(launch.generation);
  if (!plan) {
    enqueue(core_.on_launch_failed(plan.error(), now()));
    return;
  }
  command_ = joined(plan->argv, " ");
  process::UnitEvents events;
  events.line = [this](process::Source, const process::Line& line) { log_.append(line.text); };
  events.exited = [this](Exit exit) { enqueue(core_.on_leader_exited(exit, now())); };
  events.gone = [this] { enqueue(core_.on_gone(now())); };
  auto unit = process::Unit::start(orphanage_, *plan, process::Leftovers::Kill,
                                   target_.name.value(), std::move(events));
  if (!unit) {
    enqueue(core_.on_launch_failed(unit.error(), now()));
    return;
  }
  const Instant up = now();
  unit_ = std::move(*unit);
  started_at_ = wall_now();
  log_info("{} runs as pid {} (build {})", target_.name.value(), unit_->pid(),
           launch.generation.value());
  log_.append(
      fmt::format("[poltergeist] started {} (build {})", command_, launch.generation.value()));
  if (core_.awaited() == launch.generation) {
    publishing_.runner_reached(target_.name, launch.generation, Stage::RunnerUp, up);
  }
  enqueue(core_.on_launched(now()));
}

void ExecutableRunner::perform(const runners::Signal& signal) {
  if (!unit_) return;
  unit_->signal_all(signal.number);
  if (const auto build = core_.making_room_for(); build != BuildId()) {
    publishing_.runner_reached(target_.name, build, Stage::RunnerSignalled, now());
  }
}

void ExecutableRunner::perform(const runners::KillAll& /*kill*/) {
  if (unit_) unit_->kill_all();
}

void ExecutableRunner::perform(const runners::Entered& /*entered*/) {
  publishing_.runner_changed(target_.name, state());
}

void ExecutableRunner::perform(const runners::Announce& announce) {
  log_info("{}: {}", target_.name.value(), announce.text);
  log_.append("[poltergeist] " + announce.text);
}

Running::Running(process::Orphanage& orphanage, Publishing& publishing,
                 const config::Project& project, ExecutableRunner::ArtifactOf artifact_of)
    : orphanage_(orphanage),
      publishing_(publishing),
      project_(project),
      artifact_of_(std::move(artifact_of)) {}

void Running::add(const config::Target& target) {
  const auto on_gone = [this] {
    if (on_down) on_down();
  };
  auto& runner = runners_[target.name];
  runner = std::make_unique<ExecutableRunner>(orphanage_, publishing_, project_, target,
                                              artifact_of_, on_gone);
  if (const auto built = built_.find(target.name); built != built_.end()) {
    runner->on_success(built->second);
  }
}

void Running::on_success(const TargetId& target, BuildId build) {
  built_[target] = build;
  if (auto* runner = find(target)) runner->on_success(build);
}

void Running::on_failure(const TargetId& target, const std::string& summary) {
  if (auto* runner = find(target)) runner->on_build_failed(summary);
}

void Running::configure() {
  std::erase_if(retired_, [](const auto& entry) { return entry.second->is_down(); });
  // A target that comes in the place of one that was removed has built nothing yet.
  std::erase_if(built_, [&](const auto& entry) { return project_.find(entry.first) == nullptr; });
  std::vector<TargetId> unwanted;
  for (const auto& [name, runner] : runners_) {
    const auto* target = project_.find(name);
    if (target == nullptr || !is_wanted(*target)) unwanted.push_back(name);
  }
  for (const auto& name : unwanted) retire(name);
  for (const auto& target : project_.targets) {
    if (!is_wanted(target)) continue;
    if (auto* runner = find(target.name)) {
      runner->set_target(target);
    } else if (!revive(target)) {
      add(target);
    }
  }
}

void Running::retire(const TargetId& target) {
  auto runner = std::move(runners_.at(target));
  runners_.erase(target);
  runner->stop();
  retired_[target] = std::move(runner);
}

// A target that is configured again while its old program is still being stopped goes on with the
// same runner: two would overlap. If it was removed meanwhile, the old program is not its program.
bool Running::revive(const config::Target& target) {
  const auto found = retired_.find(target.name);
  if (found == retired_.end()) return false;
  auto runner = std::move(found->second);
  retired_.erase(found);
  runner->set_target(target);
  if (const auto built = built_.find(target.name); built != built_.end()) {
    runner->on_success(built->second);
  } else {
    runner->forget();
  }
  runner->start();
  runners_[target.name] = std::move(runner);
  return true;
}

ExecutableRunner* Running::find(const TargetId& target) {
  const auto found = runners_.find(target);
  return found == runners_.end() ? nullptr : found->second.get();
}

void Running::stop_all() {
  for (auto& [name, runner] : runners_) runner->stop();
}

void Running::kill_all() {
  for (auto& [name, runner] : runners_) runner->kill();
  for (auto& [name, runner] : retired_) runner->kill();
}

bool Running::is_down() const {
  const auto down = [](const auto& entry) { return entry.second->is_down(); };
  return std::all_of(retired_.begin(), retired_.end(), down) &&
         std::all_of(runners_.begin(), runners_.end(), down);
}

}  // namespace poltergeist::daemon
