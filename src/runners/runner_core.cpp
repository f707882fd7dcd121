// SPDX-License-Identifier: MIT
#include "runners/runner_core.h"

#include <algorithm>

#include <fmt/format.h>

namespace poltergeist::runners {

namespace {

constexpr Seconds kBusyAtMost{1};
constexpr Milliseconds kFirstRetry{10};
constexpr Seconds kKillTakesAtMost{2};

void announce(Actions& actions, Notice notice, std::string text) {
  actions.emplace_back(Announce{notice, std::move(text)});
}

}  // namespace

RunnerPolicy policy_for(const config::AutoRun& settings) {
  return {.restart_signal = settings.restart_signal,
          .restart_delay = settings.restart_delay,
          .stop_timeout = settings.stop_timeout,
          .on_exit = settings.on_exit,
          .has_readiness = settings.ready_when || !settings.port_file.empty(),
          .ready_timeout = settings.ready_when.value_or(config::ReadyWhen{}).timeout,
          .has_sidecar = !settings.post_run.empty(),
          .sidecar_on_restart = settings.post_run_on_restart,
          .has_cleanup = !settings.cleanup.empty(),
          .rolls_back = settings.rollback};
}

RunnerCore::RunnerCore(RunnerPolicy policy, Initially initially)
    : policy_(policy), want_up_(initially == Initially::Up) {}

Actions RunnerCore::set_policy(RunnerPolicy policy, Instant now) {
  Actions actions;
  policy_ = policy;
  if (!policy_.has_sidecar) sidecar_served_ = LaunchId();
  if (!policy_.rolls_back) good_ = bad_ = BuildId();
  decide(now, actions);
  return actions;
}

// ---- Builds
// --------------------------------------------------------------------------------------------------

Actions RunnerCore::on_success(BuildId generation, Instant now) {
  Actions actions;
  if (generation <= wanted_) return actions;
  wanted_ = generation;
  if (want_up_) awaited_ = generation;
  backoff_.forget();
  const bool is_first = launched_ == BuildId();
  demand(is_first ? now : now + policy_.restart_delay);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_build_failed(const std::string& summary, Instant) const {
  Actions actions;
  announce(actions, Notice::BuildFailed,
           is_up() ? fmt::format("build failed: {}; the program of build {} runs on", summary,
                                 launched_.value())
                   : fmt::format("build failed: {}", summary));
  return actions;
}

// ---- The program
// ---------------------------------------------------------------------------------------------

Actions RunnerCore::on_launched(LaunchId launch, Instant now, LaunchedFrom from) {
  Actions actions;
  if (launch != launch_ || !is_unanswered()) return actions;
  ++launches_;
  retry_until_.reset();
  up_since_ = now;
  launched_from_ = from;
  cleanup_ = Cleanup::Needed;
  if (awaited_ == launched_) awaited_ = BuildId();
  (void)apply(RunnerEvent::Launched, now, actions);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_launch_failed(LaunchId launch, const Error& error, Instant now) {
  Actions actions;
  if (launch != launch_ || !is_unanswered()) return actions;
  if (error.code == Errc::Busy && !retry_until_) {
    retry_until_ = now + kBusyAtMost;
    retry_delay_ = kFirstRetry;
  }
  if (error.code == Errc::Busy && now < *retry_until_) {
    (void)apply(RunnerEvent::LaunchBusy, now, actions);
  } else {
    retry_until_.reset();
    if (awaited_ == launched_) awaited_ = BuildId();
    const bool is_its_fault = error.code != Errc::Unavailable;
    announce(actions, Notice::LaunchFailed,
             fmt::format("{}; {}", error.message,
                         is_its_fault && roll_back("could not be started", now)
                             ? fmt::format("build {} is started in its place", good_.value())
                             : "waiting for the next successful build"));
    (void)apply(RunnerEvent::LaunchFailed, now, actions);
  }
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_ready(LaunchId launch, Instant now) {
  Actions actions;
  if (launch != launch_) return actions;
  (void)apply(RunnerEvent::Ready, now, actions);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_leader_exited(LaunchId launch, Exit exit, Instant now) {
  Actions actions;
  if (launch != launch_ || !has_unit()) return actions;
  last_exit_ = exit;
  note_good(now);
  if (is_up()) {
    if (!exit.ok()) ++crashes_;
    const auto because = fmt::format("{} after {}", exit.text(), format_duration(now - up_since_));
    announce(actions, Notice::Exited,
             fmt::format("exited ({}); {}", exit.text(), make_good(because, now)));
  }
  (void)apply(exit.ok() ? RunnerEvent::ExitedWell : RunnerEvent::ExitedBadly, now, actions);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_gone(LaunchId launch, Instant now) {
  Actions actions;
  if (launch != launch_ || !has_unit()) return actions;
  kill_at_.reset();
  stuck_at_.reset();
  is_to_end_ = false;
  is_gone_ = true;
  decide(now, actions);
  return actions;
}

std::string RunnerCore::make_good(const std::string& because, Instant now) {
  if (is_pending()) return "it is about to be started again";
  if (roll_back(because, now)) {
    return fmt::format("build {} is started in its place", good_.value());
  }
  const auto why_not = take_why_not();
  if (policy_.on_exit == config::OnExit::Wait || !want_up_) {
    return why_not + "waiting for the next successful build";
  }
  const auto delay = backoff_.on_exit(now - up_since_, now);
  if (!delay) {
    return fmt::format("{} times within {}: waiting for the next successful build",
                       RestartBackoff::kMostExits, format_duration(RestartBackoff::kWithin));
  }
  demand(now + *delay);
  return fmt::format("{}it is started again in {}", why_not, format_duration(*delay));
}

// ---- The sidecar, the cleanup
// ---------------------------------------------------------------------------------------------

Actions RunnerCore::on_sidecar_gone(LaunchId launch, Instant now) {
  Actions actions;
  if (sidecar_ != launch) return actions;
  sidecar_.reset();
  is_sidecar_stopped_ = false;
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_cleanup_ended(Instant now) {
  Actions actions;
  if (cleanup_ != Cleanup::Executing) return actions;
  cleanup_ = Cleanup::NotNeeded;
  decide(now, actions);
  return actions;
}

// ---- Requests
// ------------------------------------------------------------------------------------------------

Actions RunnerCore::request_start(Instant now) {
  Actions actions;
  want_up_ = true;
  backoff_.forget();
  const bool is_launching = at_.state == RunnerState::Starting && !is_up();
  if (!is_up() && !is_launching) {
    bad_ = BuildId();
    demand(now);
  }
  decide(now, actions);
  return actions;
}

Actions RunnerCore::request_stop(Instant now) {
  Actions actions;
  want_up_ = false;
  awaited_ = BuildId();
  decide(now, actions);
  return actions;
}

Actions RunnerCore::request_forget(Instant now) {
  auto actions = request_stop(now);
  wanted_ = launched_ = good_ = bad_ = lamented_ = BuildId();
  served_ = demanded_;
  return actions;
}

Actions RunnerCore::request_restart(Instant now) {
  Actions actions;
  want_up_ = true;
  bad_ = BuildId();
  backoff_.forget();
  demand(now);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::request_new_sidecar(Instant now) {
  Actions actions;
  sidecar_served_ = LaunchId();
  if (want_up_ && sidecar_ && !is_sidecar_stopped_) {
    is_sidecar_stopped_ = true;
    actions.emplace_back(StopSidecar{});
  }
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_time(Instant now) {
  Actions actions;
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    stuck_at_ = now + kKillTakesAtMost;
    was_killed_ = true;
    announce(actions, Notice::Killed,
             fmt::format("did not end within {}; killed", format_duration(policy_.stop_timeout)));
    actions.emplace_back(KillAll{});
  } else if (stuck_at_ && now >= *stuck_at_) {
    stuck_at_.reset();
    announce(actions, Notice::Stuck,
             "is still there after SIGKILL: a process of it waits for a device or is not ours to "
             "kill");
  }
  if (ready_by_ && now >= *ready_by_) {
    ++crashes_;
    const auto limit = format_duration(policy_.ready_timeout);
    announce(actions, Notice::NotReady,
             fmt::format("was not ready within {}; {}", limit,
                         make_good("not ready within " + limit, now)));
    (void)apply(RunnerEvent::NotReady, now, actions);
  }
  if (retry_at_ && now >= *retry_at_) (void)apply(RunnerEvent::Launch, now, actions);
  decide(now, actions);
  return actions;
}

// ---- What is, what shall be
// --------------------------------------------------------------------------------------------------

bool RunnerCore::is_up() const {
  return has_unit() && (at_.state == RunnerState::Starting || at_.state == RunnerState::Running);
}

// An unanswered launch is waited for: then there is a program to stop, or there is none.
bool RunnerCore::is_unanswered() const {
  return at_.state == RunnerState::Starting && at_.left == UnitLeft::No && !retry_at_;
}

bool RunnerCore::may_launch() const {
  const bool is_launching = at_.state == RunnerState::Starting;
  return at_.left == UnitLeft::No && !is_launching && cleanup_ != Cleanup::Executing;
}

bool RunnerCore::is_down() const {
  return may_launch() && !sidecar_;
}

bool RunnerCore::is_pending() const {
  return want_up_ && demanded_ != served_ && wanted_ != BuildId();
}

std::optional<Instant> RunnerCore::deadline() const {
  auto first = earlier(earlier(kill_at_, stuck_at_), earlier(retry_at_, ready_by_));
  // Otherwise it waits for an answer or for something to be gone, not for a time.
  if (is_pending() && (may_launch() || is_up())) first = earlier(first, due_);
  if (is_untried() && at_.state == RunnerState::Running) {
    first = earlier(first, up_since_ + kTrial);
  }
  return first;
}

// Several demands are one: what is due for the first of them serves them all, with the newest.
void RunnerCore::demand(Instant due) {
  due_ = demanded_ == served_ ? due : std::min(due_, due);
  ++demanded_;
}

void RunnerCore::decide(Instant now, Actions& actions) {
  note_good(now);
  while (take_step(now, actions)) {
  }
}

bool RunnerCore::take_step(Instant now, Actions& actions) {
  return clean_up(now, actions) || retire(now, actions) || tell_to_end(now, actions) ||
         end_sidecar(actions) || start_sidecar(actions) || let_go(now, actions) ||
         launch_due(now, actions);
}

// Before a stop for good, once for all that was launched since the last one.
bool RunnerCore::clean_up(Instant now, Actions& actions) {
  if (want_up_ || cleanup_ != Cleanup::Needed || is_unanswered()) return false;
  cleanup_ = Cleanup::NotNeeded;
  if (!policy_.has_cleanup) return true;
  // `stopping` from now on; it is told to end when the cleanup has ended.
  const bool is_starting = at_.state == RunnerState::Starting;
  if (is_up() || is_starting) (void)apply(RunnerEvent::Retire, now, actions);
  cleanup_ = Cleanup::Executing;
  actions.emplace_back(CleanUp{});
  return true;
}

// Decides that what is up, or waits to be, is to end: for good, or for what is due.
bool RunnerCore::retire(Instant now, Actions& actions) {
  if (!want_up_) {
    if (is_unanswered() || cleanup_ == Cleanup::Executing) return false;
    // What has ended is `idle` when nothing at all is left.
    const bool has_ended = at_.state == RunnerState::Completed || at_.state == RunnerState::Failed;
    if (has_ended && sidecar_) return false;
    return apply(RunnerEvent::Retire, now, actions);
  }
  if (!is_up() || !is_pending() || now < due_) return false;
  announce(actions, Notice::Restarting,
           chosen() == launched_ ? std::string("restarting")
                                 : fmt::format("restarting with build {}", chosen().value()));
  making_room_for_ = awaited_;
  return apply(RunnerEvent::Retire, now, actions);
}

bool RunnerCore::tell_to_end(Instant now, Actions& actions) {
  if (!is_to_end_ || cleanup_ == Cleanup::Executing) return false;
  is_to_end_ = false;
  signal_all(policy_.restart_signal, now, actions);
  return true;
}

bool RunnerCore::end_sidecar(Actions& actions) {
  if (!sidecar_ || is_sidecar_stopped_) return false;
  if (policy_.has_sidecar) {
    const bool is_kept = policy_.sidecar_on_restart == config::OnRestart::Keep;
    if (want_up_ && (is_up() || is_kept)) return false;
    if (has_unit() || cleanup_ == Cleanup::Executing) return false;
  }
  is_sidecar_stopped_ = true;
  actions.emplace_back(StopSidecar{});
  return true;
}

// One for each launch: nobody starts one again that ended by itself.
bool RunnerCore::start_sidecar(Actions& actions) {
  if (!want_up_ || !policy_.has_sidecar || sidecar_served_ == launch_) return false;
  if (at_.state != RunnerState::Running || is_gone_) return false;
  if (sidecar_ && is_sidecar_stopped_) return false;  // when that one is gone
  sidecar_served_ = launch_;
  if (sidecar_) return true;
  sidecar_ = launch_;
  actions.emplace_back(StartSidecar{launch_});
  return true;
}

// The end of what is gone: a stop for good is over when nothing at all is left.
bool RunnerCore::let_go(Instant now, Actions& actions) {
  const bool is_nothing = at_.state == RunnerState::Stopping && at_.left == UnitLeft::No;
  if (!is_gone_ && !is_nothing) return false;
  if (cleanup_ == Cleanup::Executing || (!want_up_ && sidecar_)) return false;
  is_gone_ = false;
  return apply(RunnerEvent::Gone, now, actions);
}

bool RunnerCore::launch_due(Instant now, Actions& actions) {
  if (!may_launch() || !is_pending() || now < due_) return false;
  return apply(RunnerEvent::Launch, now, actions);
}

bool RunnerCore::apply(RunnerEvent event, Instant now, Actions& actions) {
  const auto transition = step(at_, event);
  if (!transition) return false;
  const bool is_new = transition->next.state != at_.state;
  at_ = transition->next;
  retry_at_.reset();
  if (is_new) ready_by_.reset();
  if (is_new) actions.emplace_back(Entered{at_.state});
  perform(transition->step, now, actions);
  return true;
}

void RunnerCore::perform(RunnerStep step, Instant now, Actions& actions) {
  switch (step) {
    case RunnerStep::Nothing:
      return;
    case RunnerStep::Launch:
      served_ = demanded_;
      launched_ = chosen();
      launch_ = LaunchId(launch_.value() + 1);
      is_to_end_ = was_killed_ = false;
      making_room_for_ = BuildId();
      actions.emplace_back(Launch{launch_, launched_});
      return;
    case RunnerStep::RetryLater:
      retry_at_ = std::min(now + retry_delay_, *retry_until_);
      retry_delay_ *= 2;
      return;
    case RunnerStep::AwaitReady:
      if (!policy_.has_readiness) {
        (void)apply(RunnerEvent::Ready, now, actions);
        return;
      }
      if (policy_.ready_timeout > Duration(0)) ready_by_ = now + policy_.ready_timeout;
      actions.emplace_back(AwaitReady{launch_});
      return;
    case RunnerStep::SignalAll:
      is_to_end_ = true;
      return;
    case RunnerStep::DismissOthers:
      making_room_for_ = BuildId();
      is_to_end_ = false;
      if (!was_killed_) signal_all(SIGTERM, now, actions);
      return;
  }
}

void RunnerCore::signal_all(int number, Instant now, Actions& actions) {
  if (!kill_at_) kill_at_ = now + policy_.stop_timeout;
  actions.emplace_back(Signal{number});
}

}  // namespace poltergeist::runners
