// SPDX-License-Identifier: MIT
#include "supervisor/supervisor.h"

#include <csignal>
#include <utility>

#include "base/log.h"
#include "process/exec_name.h"
#include "runners/port_placeholder.h"
#include "sys/clock.h"

namespace poltergeist::supervisor {

namespace {

// What a cleanup whose time is over may still do.
constexpr Seconds kCleanupGrace{1};

Error still_written(const std::filesystem::path& artifact) {
  return {Errc::Busy, fmt::format("starting {}: it is still being written", artifact.string())};
}

process::CleanLines lines_for(const std::vector<std::string>& env) {
  return process::CleanLines(process::Secrets::from_environment(env));
}

}  // namespace

std::string sidecar_banner(const std::string& command) {
  return "👻 [Poltergeist] Starting postRun: " + command;
}

Supervisor::Supervisor(process::Orphanage& orphanage, Settings settings,
                       runners::RunnerPolicy policy, Listener listener)
    : orphanage_(orphanage),
      executor_(orphanage),
      settings_(std::move(settings)),
      listener_(std::move(listener)),
      core_(policy),
      images_(
          orphanage.loop(), [this] { on_copied(); },
          [this](const std::string& why) { say(runners::Notice::Image, why); }),
      program_lines_(lines_for({})),
      sidecar_lines_(lines_for({})),
      timer_(orphanage.loop(), "a runner", [this] { enqueue(core_.on_time(now())); }) {}

void Supervisor::configure(Settings settings, runners::RunnerPolicy policy) {
  const auto& before = settings_.auto_run.post_run;
  const bool is_another = !before.empty() && settings.auto_run.post_run != before;
  settings_ = std::move(settings);
  listening_.keep_named(settings_, choice_.port());
  if (!settings_.auto_run.launch_image) images_.keep_only({});
  set_policy(policy);
  if (is_another && policy.has_sidecar) enqueue(core_.request_new_sidecar(now()));
}

void Supervisor::set_policy(runners::RunnerPolicy policy) {
  enqueue(core_.set_policy(policy, now()));
}

void Supervisor::on_success(BuildId generation, const std::filesystem::path& artifact) {
  if (generation > core_.wanted_generation()) {
    artifact_ = settings_.auto_run.launch_image ? artifact : std::filesystem::path();
    if (!artifact_.empty()) images_.begin(generation, artifact_);
  }
  enqueue(core_.on_success(generation, now()));
}
void Supervisor::on_build_failed(const std::string& summary) {
  enqueue(core_.on_build_failed(summary, now()));
}
void Supervisor::request_start() {
  enqueue(core_.request_start(now()));
}
void Supervisor::request_stop() {
  enqueue(core_.request_stop(now()));
}
void Supervisor::request_forget() {
  enqueue(core_.request_forget(now()));
}
void Supervisor::request_restart() {
  enqueue(core_.request_restart(now()));
}

void Supervisor::kill() {
  kill_program();
  if (sidecar_) sidecar_->kill_all();
  if (cleanup_) cleanup_->kill();
}

void Supervisor::kill_program() {
  if (unit_) unit_->kill_all();
}

std::optional<pid_t> Supervisor::pid() const {
  if (!unit_ || unit_->has_exited()) return std::nullopt;
  return unit_->pid();
}

// Performing an action can produce further ones (a launch succeeds or fails at once): they come
// after those that wait.
void Supervisor::enqueue(runners::Actions actions) {
  waiting_.insert(waiting_.end(), actions.begin(), actions.end());
  if (is_performing_) return;
  is_performing_ = true;
  while (!waiting_.empty()) {
    const runners::Action action = std::move(waiting_.front());
    waiting_.pop_front();
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  is_performing_ = false;
  images_.keep_only(
      {core_.wanted_generation(), core_.running_generation(), core_.good_generation()});
  timer_.arm(core_.deadline());
  if (core_.is_down() && listener_.on_down) listener_.on_down();
}

// ---- The program
// ---------------------------------------------------------------------------------------------

void Supervisor::perform(const runners::Launch& launch) {
  unit_.reset();
  started_at_.reset();
  using State = Images::State;
  const auto state = [&] { return images_.state_of(launch.generation); };
  if (state() == State::Busy) images_.begin(launch.generation, artifact_);
  if (state() == State::Copying) {
    held_ = launch;
  } else if (state() == State::Busy) {
    give_up(launch.launch, still_written(artifact_));
  } else {
    order(launch);
  }
}

// Whoever waits for it goes on, whatever became of it.
void Supervisor::on_copied() {
  if (!held_ || images_.state_of(held_->generation) == Images::State::Copying) return;
  const auto launch = *std::exchange(held_, std::nullopt);
  if (images_.state_of(launch.generation) == Images::State::Busy) {
    return give_up(launch.launch, still_written(artifact_));
  }
  order(launch);
}

void Supervisor::order(const runners::Launch& launch) {
  const auto port = choice_.for_launch(settings_, listening_.ports());
  if (!port) return give_up(launch.launch, port.error());
  port_ = *port;
  if (const auto notice = choice_.take_notice(); !notice.empty()) {
    say(runners::Notice::Port, notice);
  }
  if (auto open = listening_.open(settings_, port_); !open) {
    return give_up(launch.launch, open.error());
  }
  if (!settings_.auto_run.port_file.empty()) {
    PortFile::forget(settings_.root / settings_.auto_run.port_file);
  }
  LaunchOrder order{launch.launch, launch.generation, port_};
  if (images_.state_of(launch.generation) == Images::State::Ready) {
    order.image_of = images_.of(launch.generation).artifact();
  }
  listener_.on_launch(order);
}

Result<void> Supervisor::start(runners::LaunchId launch, const process::SpawnPlan& plan) {
  if (launch != core_.launch()) return {};
  auto complete = plan;
  complete.env = with_variables(std::move(complete.env), settings_.auto_run, port_);
  complete.passed = listening_.handover(settings_.name);
  complete.in_cgroup = true;
  sees_output_ = plan.out.kind == process::Stream::Kind::Pipe;
  program_lines_ = lines_for(complete.env);
  const auto on_line = [this](const process::Line& line) { say_line(Voice::Program, line.text); };
  process::UnitEvents events;
  events.bytes = [this, on_line](process::Source, std::string_view bytes) {
    program_lines_.feed(bytes, on_line);
  };
  events.exited = [this, launch](Exit exit) {
    readiness_.reset();
    skips_signal_ = false;
    // For those who connect until the next launch, which says what is wrong.
    static_cast<void>(listening_.open(settings_, choice_.port()));
    enqueue(core_.on_leader_exited(launch, exit, now()));
  };
  events.gone = [this, launch, on_line] {
    program_lines_.finish(on_line);
    if (listener_.on_gone) listener_.on_gone();
    enqueue(core_.on_gone(launch, now()));
  };
  auto from = runners::LaunchedFrom::Image;
  auto unit = start_unit(complete, events, from);
  if (!unit) return fail(unit.error());
  unit_ = std::move(*unit);
  started_at_ = wall_now();
  if (listener_.on_started) listener_.on_started();
  enqueue(core_.on_launched(launch, now(), from));
  return {};
}

// From the image; where the system does not let it be executed, as if there were none.
Result<std::unique_ptr<process::Unit>> Supervisor::start_unit(const process::SpawnPlan& plan,
                                                              const process::UnitEvents& events,
                                                              runners::LaunchedFrom& from) {
  const auto generation = core_.running_generation();
  const bool has_image = images_.state_of(generation) == Images::State::Ready;
  if (has_image && images_.of(generation).artifact() == plan.argv.front()) {
    auto unit = start_image(plan, events);
    if (unit || unit.error().code == Errc::Busy) return unit;
    // An older one is not what lies there.
    if (generation != core_.wanted_generation()) return unit;
    say(runners::Notice::Image, "it is started from its path: " + unit.error().message);
  }
  from = runners::LaunchedFrom::Path;
  return process::Unit::start(orphanage_, plan, process::Leftovers::Kill, settings_.name, events);
}

Result<std::unique_ptr<process::Unit>> Supervisor::start_image(process::SpawnPlan plan,
                                                               const process::UnitEvents& events) {
  const auto& image = images_.of(core_.running_generation());
  const auto name = process::ExecName::create(settings_.launch_names,
                                              image.artifact().filename().string(), image.fd());
  if (!name) return fail(name.error());
  plan.executed = name->path();
  return process::Unit::start(orphanage_, plan, process::Leftovers::Kill, settings_.name, events);
}

void Supervisor::give_up(runners::LaunchId launch, const Error& error) {
  enqueue(core_.on_launch_failed(launch, error, now()));
}

void Supervisor::perform(const runners::AwaitReady& ready) {
  readiness_ = std::make_unique<Readiness>(executor_, settings_, port_,
                                           [this, launch = ready.launch](std::optional<int> port) {
                                             port_ = port;
                                             const auto over = std::move(readiness_);
                                             enqueue(core_.on_ready(launch, now()));
                                           });
  if (!sees_output_) readiness_->skip_lines();
}

void Supervisor::perform(const runners::Signal& signal) {
  if (!unit_) return;
  if (!std::exchange(skips_signal_, false)) unit_->signal_all(signal.number);
  const auto build = core_.making_room_for();
  if (build != BuildId() && listener_.on_signalled) listener_.on_signalled(build);
}

void Supervisor::perform(const runners::KillAll& /*kill*/) {
  kill_program();
}

// ---- Beside it
// -----------------------------------------------------------------------------------------------

process::SpawnPlan Supervisor::plan_for(const std::string& line) const {
  process::SpawnPlan plan;
  plan.argv = {"bash", "-c", runners::with_port(line, port_)};
  plan.cwd = settings_.cwd;
  plan.env = with_variables(settings_.env, settings_.auto_run, port_);
  plan.out = process::Stream::pipe();
  plan.err = process::Stream::same_as_out();
  plan.in_cgroup = true;
  return plan;
}

void Supervisor::perform(const runners::StartSidecar& start) {
  const auto plan = plan_for(settings_.auto_run.post_run);
  sidecar_lines_ = lines_for(plan.env);
  const auto on_line = [this](const process::Line& line) { say_line(Voice::Sidecar, line.text); };
  process::UnitEvents events;
  events.bytes = [this, on_line](process::Source, std::string_view bytes) {
    sidecar_lines_.feed(bytes, on_line);
  };
  events.exited = [this](Exit exit) {
    if (listener_.on_sidecar_exited) listener_.on_sidecar_exited(exit);
    // What it left behind goes with it. Not from within: the unit is telling us.
    stops_leftovers_ = orphanage_.loop().at(now(), "a sidecar", [this] { stop_sidecar(); });
  };
  events.gone = [this, launch = start.launch, on_line] {
    sidecar_lines_.finish(on_line);
    stops_leftovers_.reset();  // or it would stop the next one
    sidecar_.reset();
    enqueue(core_.on_sidecar_gone(launch, now()));
  };
  auto unit = process::Unit::start(orphanage_, plan, process::Leftovers::Kill,
                                   settings_.name + "'s postRun", std::move(events));
  if (!unit) {
    say(runners::Notice::Sidecar, "postRun: " + unit.error().message);
    return enqueue(core_.on_sidecar_gone(start.launch, now()));
  }
  sidecar_ = std::move(*unit);
  if (listener_.on_sidecar_started) listener_.on_sidecar_started(plan.argv.back());
}

void Supervisor::perform(const runners::StopSidecar& /*stop*/) {
  stop_sidecar();
}

void Supervisor::stop_sidecar() {
  if (sidecar_) sidecar_->stop(process::stop_ladder(SIGTERM, settings_.auto_run.stop_timeout));
}

void Supervisor::perform(const runners::CleanUp& /*cleanup*/) {
  auto plan = plan_for(settings_.auto_run.cleanup);
  process::Command command;
  command.name = settings_.name + "'s cleanup";
  command.argv = std::move(plan.argv);
  command.cwd = std::move(plan.cwd);
  command.env = std::move(plan.env);
  command.errors_to_output = true;
  command.until = now() + settings_.auto_run.cleanup_timeout;
  command.grace_period = kCleanupGrace;
  const auto on_end = [this](const process::CommandEnd& end) {
    cleanup_.reset();
    if (end.timed_out) {
      say(runners::Notice::Cleanup,
          fmt::format("cleanup did not end within {}; it goes on without",
                      format_duration(settings_.auto_run.cleanup_timeout)));
    } else if (!end.exit.ok()) {
      say(runners::Notice::Cleanup,
          fmt::format("cleanup failed ({}); it goes on without", end.exit.text()));
    }
    enqueue(core_.on_cleanup_ended(now()));
  };
  auto attempt = executor_.start(
      std::move(command),
      {.on_line = [this](process::Source,
                         const process::Line& line) { say_line(Voice::Cleanup, line.text); },
       .on_end = on_end});
  if (attempt) {
    cleanup_ = std::move(*attempt);
    return;
  }
  say(runners::Notice::Cleanup, "cleanup: " + attempt.error().message);
  enqueue(core_.on_cleanup_ended(now()));
}

// ---- What is said
// --------------------------------------------------------------------------------------------------

void Supervisor::perform(const runners::Entered& entered) {
  using enum runners::RunnerState;
  if (entered.state != Starting) readiness_.reset();
  if (entered.state == Completed || entered.state == Failed || entered.state == Idle) {
    started_at_.reset();
    // Not between two programs.
    if (entered.state == Idle && core_.state() == Idle) {
      listening_.close();
      say_who_holds_the_port();
    }
  }
  if (listener_.on_entered) listener_.on_entered(entered.state);
}

// After a stop the port is free, or the person who asked for the stop learns who holds it.
void Supervisor::say_who_holds_the_port() {
  if (const auto held = choice_.still_held_by(); !held.empty()) say(runners::Notice::Port, held);
}

void Supervisor::perform(const runners::Announce& announce) {
  auto text = announce.text;
  if (announce.notice == runners::Notice::NotReady && readiness_) {
    if (const auto why = readiness_->last_answer(); !why.empty()) text += " (" + why + ")";
  }
  say(announce.notice, text);
}

void Supervisor::say(runners::Notice notice, const std::string& text) {
  if (listener_.on_notice) listener_.on_notice(notice, text);
}

void Supervisor::say_line(Voice voice, std::string_view line) {
  if (voice == Voice::Program && readiness_) readiness_->take_line(line);
  if (listener_.on_line) listener_.on_line(voice, line);
}

}  // namespace poltergeist::supervisor
