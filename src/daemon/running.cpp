// SPDX-License-Identifier: MIT
#include "daemon/running.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "daemon/child_environment.h"
#include "process/command_line.h"
#include "runners/port_placeholder.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr std::string_view kRunnerChannel = "runner";

bool is_wanted(const config::Target& target) {
  return target.enabled && target.auto_run && target.auto_run->enabled;
}

// Whether a running program is no longer what the settings describe.
bool is_another_program(const config::AutoRun& before, const config::AutoRun& after) {
  return before.command != after.command || before.args != after.args || before.env != after.env ||
         before.port != after.port || before.port_file != after.port_file ||
         before.listen != after.listen;
}

state::RunnerStatus status_of(runners::RunnerState state) {
  return value_in(state::kRunnerStatuses, name_in(runners::kRunnerStates, state))
      .value_or(state::RunnerStatus::Idle);
}

}  // namespace

ExecutableRunner::ExecutableRunner(process::Orphanage& orphanage, Publishing& publishing,
                                   const config::Project& project, const config::Target& target,
                                   ArtifactOf artifact_of, std::function<void()> on_down)
    : publishing_(publishing),
      project_(project),
      target_(target),
      artifact_of_(std::move(artifact_of)),
      on_down_(std::move(on_down)),
      log_(publishing.paths().log_file(target.name, kRunnerChannel)),
      supervisor_(orphanage, settings(), runners::policy_for(*target.auto_run), listener()) {
  publishing_.runner_changed(target_.name, state());
}

supervisor::Listener ExecutableRunner::listener() {
  using supervisor::Voice;
  supervisor::Listener listener;
  listener.on_launch = [this](const supervisor::LaunchOrder& order) { launch(order); };
  listener.on_started = [this] { on_started(); };
  listener.on_signalled = [this](BuildId build) {
    publishing_.runner_reached(target_.name, build, Stage::RunnerSignalled, now());
  };
  listener.on_entered = [this](runners::RunnerState state) { on_entered(state); };
  listener.on_notice = [this](runners::Notice, const std::string& text) { on_notice(text); };
  listener.on_line = [this](Voice voice, std::string_view line) { on_line(voice, line); };
  listener.on_sidecar_started = [this](const std::string& line) { on_sidecar_started(line); };
  listener.on_sidecar_exited = [this](Exit exit) { on_sidecar_exited(exit); };
  listener.on_down = [this] { on_down_(); };
  return listener;
}

std::filesystem::path ExecutableRunner::directory() const {
  return target_.cwd.empty() ? project_.root : project_.root / target_.cwd;
}

supervisor::Settings ExecutableRunner::settings() const {
  const auto& paths = publishing_.paths();
  return {.name = target_.name.value(),
          .auto_run = *target_.auto_run,
          .root = project_.root,
          .cwd = directory(),
          .env = child_environment(project_, paths, target_.name, {}),
          .leases = paths.port_leases(),
          .launch_names = paths.launch_names()};
}

// A command is none of our artifacts.
void ExecutableRunner::on_success(BuildId build) {
  const bool is_artifact = target_.auto_run->command.empty();
  supervisor_.on_success(build, is_artifact ? artifact_of_(target_.name) : std::string());
}

void ExecutableRunner::set_target(const config::Target& target) {
  const bool another = is_another_program(*target_.auto_run, *target.auto_run);
  target_ = target;
  supervisor_.configure(settings(), runners::policy_for(*target.auto_run));
  if (another && supervisor_.pid()) return restart();
  publishing_.runner_changed(target_.name, state());
}

state::RunnerState ExecutableRunner::state() const {
  return state_in(supervisor_.core().state());
}

state::RunnerState ExecutableRunner::state_in(runners::RunnerState in) const {
  const auto& core = supervisor_.core();
  state::RunnerState state;
  state.kind = "executable";
  state.status = status_of(in);
  state.pid = supervisor_.pid();
  state.restarts = static_cast<int>(core.restarts());
  state.crashes = static_cast<int>(core.crashes());
  state.generation = core.running_generation();
  state.rolled_back_from = core.rolled_back_from();
  if (state.rolled_back_from != BuildId()) {
    state.rolled_back_because = core.rolled_back_because();
  }
  if (state.pid) state.started_at = supervisor_.started_at();
  if (const auto exit = core.last_exit()) {
    (exit->kind == Exit::Kind::Code ? state.exit_code : state.signal) = exit->number;
  }
  state.port = supervisor_.port();
  state.listen = supervisor_.listening().addresses();
  state.command = command_;
  state.post_run = target_.auto_run->post_run;
  return state;
}

void ExecutableRunner::launch(const supervisor::LaunchOrder& order) {
  const auto plan = plan_for(order);
  if (!plan) return supervisor_.give_up(order.launch, plan.error());
  command_ = joined(plan->argv, " ");
  const auto started = supervisor_.start(order.launch, *plan);
  if (!started) supervisor_.give_up(order.launch, started.error());
}

Result<process::SpawnPlan> ExecutableRunner::plan_for(const supervisor::LaunchOrder& order) const {
  const auto filled = [&](const std::string& text) { return runners::with_port(text, order.port); };
  const auto& settings = *target_.auto_run;
  std::vector<std::string> args;
  for (const auto& argument : settings.args) args.push_back(filled(argument));
  process::SpawnPlan plan;
  if (settings.command.empty() && !order.image_of.empty()) {
    plan.argv = process::command_line(order.image_of, true, args);
  } else if (settings.command.empty()) {
    const auto artifact = artifact_of_(target_.name);
    if (artifact.empty()) {
      return fail(Errc::NotFound, "{} has no artifact to run", target_.name.value());
    }
    plan.argv = process::command_line(artifact, args);
  } else {
    const std::filesystem::path command = filled(settings.command);
    // A path is relative to the root; a bare name is looked up in PATH.
    const bool is_path = command.string().find('/') != std::string::npos;
    plan.argv = {is_path ? (project_.root / command).lexically_normal().string()
                         : command.string()};
    plan.argv.insert(plan.argv.end(), args.begin(), args.end());
  }
  plan.cwd = directory();
  const auto build = std::to_string(order.generation.value());
  plan.env = child_environment(project_, publishing_.paths(), target_.name,
                               {{"POLTERGEIST_BUILD_ID", build}});
  plan.out = process::Stream::pipe();
  plan.err = process::Stream::same_as_out();
  return plan;
}

void ExecutableRunner::on_started() {
  const Instant up = now();
  const auto build = supervisor_.core().running_generation();
  log_info("{} runs as pid {} (build {})", target_.name.value(), supervisor_.pid().value_or(0),
           build.value());
  log_.append(fmt::format("[poltergeist] started {} (build {})", command_, build.value()));
  // `starting` was told before there was a process; without readiness `running` follows at once.
  if (runners::policy_for(*target_.auto_run).has_readiness) {
    publishing_.runner_changed(target_.name, state());
  }
  if (supervisor_.core().awaited() == build) {
    publishing_.runner_reached(target_.name, build, Stage::RunnerUp, up);
  }
}

void ExecutableRunner::on_entered(runners::RunnerState state) {
  if (state == supervisor_.core().state()) {
    publishing_.runner_changed(target_.name, state_in(state));
  } else {
    publishing_.runner_passed(target_.name, state_in(state));
  }
}

void ExecutableRunner::on_notice(const std::string& text) {
  log_info("{}: {}", target_.name.value(), text);
  log_.append("[poltergeist] " + text);
}

void ExecutableRunner::on_line(supervisor::Voice voice, std::string_view line) {
  switch (voice) {
    case supervisor::Voice::Program:
      return log_.append(line);
    case supervisor::Voice::Sidecar:
      sidecar_log().append(line);
      return log_.append(fmt::format("[post-run] {}", line));
    case supervisor::Voice::Cleanup:
      return log_.append(fmt::format("[cleanup] {}", line));
  }
}

state::ChannelLog& ExecutableRunner::sidecar_log() {
  if (!sidecar_log_) {
    sidecar_log_.emplace(publishing_.paths().log_file(target_.name, supervisor::kSidecarChannel));
  }
  return *sidecar_log_;
}

void ExecutableRunner::on_sidecar_started(const std::string& command) {
  const auto banner = supervisor::sidecar_banner(command);
  sidecar_log().append(banner);
  log_.append(banner);
  publishing_.sidecar_started(target_.name, command);
}

void ExecutableRunner::on_sidecar_exited(Exit exit) {
  on_notice(fmt::format("postRun exited ({})", exit.text()));
  publishing_.sidecar_exited(target_.name, exit);
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
