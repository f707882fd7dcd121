// SPDX-License-Identifier: MIT
#include "daemon/daemon.h"

#include "base/log.h"
#include "base/text.h"
#include "config/difference.h"
#include "daemon/project_file.h"
#include "state/pause_flag.h"
#include "state/project_database.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

// Whoever ends the daemon does not wait for the grace period of a task that has an hour.
constexpr Seconds kEndPatience{10};

}  // namespace

Daemon::Daemon(Loop& loop, Settings settings) : loop_(loop), settings_(std::move(settings)) {
  project_ = restricted(settings_.project);
}

Daemon::~Daemon() {
  // From the outside in: who calls others goes first.
  serving_.reset();
  waiting_.reset();
}

Result<std::unique_ptr<Daemon>> Daemon::create(Loop& loop, Settings settings) {
  std::unique_ptr<Daemon> daemon(new Daemon(loop, std::move(settings)));
  if (auto begun = daemon->begin(); !begun) return fail(begun.error());
  return daemon;
}

Result<void> Daemon::begin() {
  auto orphanage = process::Orphanage::create(loop_);
  if (!orphanage) return fail(orphanage.error());
  orphanage_ = std::move(*orphanage);
  executor_ = std::make_unique<process::TaskExecutor>(*orphanage_);
  if (settings_.notify) {
    notifier_ = notifier_for_this_session(*executor_);
  } else {
    notifier_ = std::make_unique<NoNotifier>();
  }

  const auto database = state::ProjectDatabase::open(project_.root);
  if (!database) log_warn("going on without a history: {}", database.error().message);
  publishing_ = std::make_unique<Publishing>(loop_, settings_.paths, database, *notifier_);
  if (database) {
    executions_ = std::make_unique<state::Executions>(*database, &publishing_->bus().journal());
  }
  publishing_->set_project(project_);
  kept_state_ = std::make_unique<KeptState>(executions_.get());
  tasking_ = std::make_unique<Tasking>(Tasking::Parts{.executor = *executor_,
                                                      .project = project_,
                                                      .paths = settings_.paths,
                                                      .bus = publishing_->bus(),
                                                      .database = executions_.get(),
                                                      .kept_state = *kept_state_,
                                                      .served = settings_.serve},
                                       settings_.worker);
  tasking_->on_gone = [this] { finish_stop(); };
  building_ = std::make_unique<Building>(Building::Parts{.executor = *executor_,
                                                         .publishing = *publishing_,
                                                         .project = project_,
                                                         .tasking = *tasking_,
                                                         .kept_state = *kept_state_},
                                         building_listener());
  running_ = std::make_unique<Running>(
      *orphanage_, *publishing_, project_,
      [this](const TargetId& target) { return building_->artifact_of(target); });
  running_->on_down = [this] { finish_stop(); };

  auto watching = Watching::create(loop_, project_, settings_.paths, watching_listener());
  if (!watching) return fail(watching.error());
  watching_ = std::move(*watching);
  publishing_->watch_changed(watching_->state());
  answers_ = std::make_unique<Answers>(project_, *building_, *publishing_, *watching_, *tasking_,
                                       *orphanage_, configuration_, wall_now(), settings_.version);
  waiting_ = std::make_unique<Waiting>(loop_, *building_, *answers_);
  if (settings_.serve) {
    auto serving = Serving::create(
        loop_,
        {.project = project_,
         .publishing = *publishing_,
         .watching = *watching_,
         .building = *building_,
         .running = *running_,
         .answers = *answers_,
         .waiting = *waiting_,
         .tasking = *tasking_,
         .set_paused = [this](bool paused) { set_paused(paused); },
         .stop =
             [this](std::string reason) {
               // Not from within the request: its answer goes out first.
               loop_.post([this, reason = std::move(reason)] { stop(reason, stopped_); });
             }},
        settings_.version);
    if (!serving) return fail(serving.error());
    serving_ = std::move(*serving);
    publishing_->started(settings_.version);
    if (state::is_paused(settings_.paths)) building_->pause();
    running_->configure();
    tasking_->begin();
  }
  building_->begin(*watching_);
  return {};
}

Watching::Listener Daemon::watching_listener() {
  return {.on_touched = [this](const std::vector<build::Touched>& touched,
                               Clock clock) { building_->on_touched(touched, clock); },
          .on_state =
              [this](const state::WatchState& watch) {
                publishing_->watch_changed(watch);
                on_settled();
              },
          .on_git_operation = [this](bool running) { building_->on_git_operation(running); },
          .on_configuration =
              [this] {
                if (settings_.serve) reload();
              }};
}

Building::Listener Daemon::building_listener() {
  return {
      .on_settled = [this] { on_settled(); },
      .on_output =
          [this](const TargetId& target, BuildId build, std::string_view line) {
            if (on_line_) on_line_(line);
            if (serving_) serving_->on_output(target, build, line);
          },
      .on_success = [this](const TargetId& target,
                           BuildId build) { running_->on_success(target, build); },
      .on_failure = [this](const TargetId& target,
                           const std::string& summary) { running_->on_failure(target, summary); }};
}

void Daemon::on_settled() {
  if (waiting_) waiting_->look_again();
  finish_stop();
}

// ---- Reloading
// ---------------------------------------------------------------------------------------------

void Daemon::reload() {
  if (stopping_) return;
  auto loaded = read_project_file(project_.file);
  if (!loaded) {
    // The old configuration stays in force, whole.
    configuration_.valid = false;
    configuration_.problems = loaded.error().problems;
    if (configuration_.problems.empty()) configuration_.problems = {loaded.error().summary};
    log_warn("the configuration was not applied: {}", joined(configuration_.problems, "; "));
    publishing_->configuration_refused(configuration_.problems);
    return;
  }
  if (!std::exchange(configuration_, {}).valid &&
      config::between(project_, restricted(loaded->project)).none()) {
    publishing_->configuration_applied();  // it is what it was before the refused one
  }
  apply(restricted(std::move(loaded->project)));
}

void Daemon::apply(config::Project project) {
  const auto difference = config::between(project_, project);
  if (difference.none()) return;
  const config::Project before = std::exchange(project_, std::move(project));
  if (auto watched = watching_->configure(project_); !watched) {
    project_ = before;
    configuration_ = {.valid = false, .problems = {watched.error().message}};
    log_warn("the configuration was not applied: {}", watched.error().message);
    publishing_->configuration_refused(configuration_.problems);
    return;
  }
  // A level that was asked for at the start holds until the file names another.
  if (before.logging.level != project_.logging.level) set_log_level(project_.logging.level);
  set_log_format(project_.logging.format);
  publishing_->set_project(project_);
  publishing_->configuration_applied();
  log_info("the configuration was applied: {} targets added, {} removed, {} changed",
           difference.added.size(), difference.removed.size(), difference.changed.size());
  // Programs of targets that are gone end before anything else happens to them.
  running_->configure();
  building_->configure(difference);
  tasking_->configure();
  on_settled();
}

config::Project Daemon::restricted(config::Project project) const {
  if (settings_.only_targets.empty()) return project;
  std::set<TargetId> wanted = settings_.only_targets;
  bool grown = true;
  while (grown) {
    grown = false;
    for (const auto& target : project.targets) {
      if (!wanted.contains(target.name)) continue;
      for (const auto& dependency : target.depends_on) grown |= wanted.insert(dependency).second;
    }
  }
  for (auto& target : project.targets) {
    target.enabled = target.enabled && wanted.contains(target.name);
  }
  return project;
}

void Daemon::set_paused(bool paused) {
  if (auto set = state::set_paused(settings_.paths, paused); !set) {
    log_warn("pause: {}", set.error().message);
  }
  paused ? building_->pause() : building_->resume();
  publishing_->paused(paused);
}

// ---- The end
// -------------------------------------------------------------------------------------------------

void Daemon::stop(std::string reason, std::function<void()> done) {
  stopped_ = std::move(done);
  if (stopping_) return;
  stopping_ = true;
  log_info("stopping: {}", reason);
  publishing_->stopping(reason);
  if (serving_) serving_->stop_listening();
  building_->close();
  tasking_->close(kEndPatience);
  running_->stop_all();
  finish_stop();
}

void Daemon::hurry_stop() {
  running_->kill_all();
  tasking_->kill_all();
}

void Daemon::finish_stop() {
  if (!stopping_ || closed_ || !building_->is_idle() || !tasking_->is_idle() ||
      !running_->is_down()) {
    return;
  }
  closed_ = true;
  publishing_->close();
  // From the loop: whoever told us that nothing is left is still at work.
  loop_.post([this] {
    if (stopped_) stopped_();
  });
}

// ---- In the foreground
// ---------------------------------------------------------------------------------------

void Daemon::build(const TargetId& target, build::Force force,
                   std::function<void(std::string_view line)> on_line,
                   std::function<void(const api::TargetAnswer&)> on_answer) {
  on_line_ = std::move(on_line);
  building_->check_artifact(target);
  building_->request(target, force);
  Waiter waiter;
  waiter.targets = {target};
  waiter.since = now();
  // It was there when the caller read the configuration, and is not in what we read after it.
  waiter.gone = [on_answer](const TargetId& gone) {
    on_answer({.target = gone.value(),
               .answer = api::Answer::Unknown,
               .reason = fmt::format("{} was removed from the configuration", gone.value())});
  };
  waiter.answer = [on_answer = std::move(on_answer)](const api::WaitResult& result,
                                                     const std::vector<build::LeaseId>&) {
    on_answer(result.targets.front());
  };
  waiting_->add(std::move(waiter));
}

}  // namespace poltergeist::daemon
