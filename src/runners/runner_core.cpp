// SPDX-License-Identifier: MIT
#include "runners/runner_core.h"

#include <algorithm>

#include <fmt/format.h>

namespace poltergeist::runners {

namespace {

constexpr Seconds kBusyAtMost{1};
constexpr Milliseconds kFirstBackoff{10};
constexpr Seconds kKillTakesAtMost{2};

void announce(Actions& actions, Notice notice, std::string text) {
  actions.emplace_back(Announce{notice, std::move(text)});
}

}  // namespace

RunnerPolicy policy_for(const config::AutoRun& settings) {
  return {settings.restart_signal, settings.restart_delay, settings.stop_timeout};
}

RunnerCore::RunnerCore(RunnerPolicy policy, Initially initially)
    : policy_(policy), want_up_(initially == Initially::Up) {}

Actions RunnerCore::on_success(BuildId generation, Instant now) {
  Actions actions;
  if (generation <= wanted_) return actions;
  wanted_ = generation;
  if (want_up_) awaited_ = generation;
  const bool is_first = launched_ == BuildId();
  demand(is_first ? now : now + policy_.restart_delay);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_build_failed(const std::string& summary, Instant) const {
  Actions actions;
  announce(actions, Notice::BuildFailed,
           at_.state == RunnerState::Running
               ? fmt::format("build failed: {}; the program of build {} runs on", summary,
                             launched_.value())
               : fmt::format("build failed: {}", summary));
  return actions;
}

Actions RunnerCore::on_launched(Instant now) {
  Actions actions;
  if (at_.state != RunnerState::Starting) return actions;
  ++launches_;
  retry_until_.reset();
  if (awaited_ == launched_) awaited_ = BuildId();
  apply(RunnerEvent::Launched, now, actions);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_launch_failed(const Error& error, Instant now) {
  Actions actions;
  if (at_.state != RunnerState::Starting) return actions;
  if (error.code == Errc::Busy && !retry_until_) {
    retry_until_ = now + kBusyAtMost;
    backoff_ = kFirstBackoff;
  }
  if (error.code == Errc::Busy && now < *retry_until_) {
    apply(RunnerEvent::LaunchBusy, now, actions);
  } else {
    retry_until_.reset();
    if (awaited_ == launched_) awaited_ = BuildId();
    announce(actions, Notice::LaunchFailed,
             fmt::format("{}; waiting for the next successful build", error.message));
    apply(RunnerEvent::LaunchFailed, now, actions);
  }
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_leader_exited(Exit exit, Instant now) {
  Actions actions;
  last_exit_ = exit;
  if (at_.state == RunnerState::Running) {
    announce(actions, Notice::Exited,
             fmt::format("exited ({}); {}", exit.text(),
                         is_pending() ? "it is about to be started again"
                                      : "waiting for the next successful build"));
  }
  apply(exit.ok() ? RunnerEvent::ExitedWell : RunnerEvent::ExitedBadly, now, actions);
  return actions;
}

Actions RunnerCore::on_gone(Instant now) {
  Actions actions;
  kill_at_.reset();
  stuck_at_.reset();
  apply(RunnerEvent::Gone, now, actions);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::request_start(Instant now) {
  Actions actions;
  want_up_ = true;
  const bool is_up = at_.state == RunnerState::Running || at_.state == RunnerState::Starting;
  if (!is_up) demand(now);
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
  wanted_ = launched_ = BuildId();
  served_ = demanded_;
  return actions;
}

Actions RunnerCore::request_restart(Instant now) {
  Actions actions;
  want_up_ = true;
  demand(now);
  decide(now, actions);
  return actions;
}

Actions RunnerCore::on_time(Instant now) {
  Actions actions;
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    stuck_at_ = now + kKillTakesAtMost;
    announce(actions, Notice::Killed,
             fmt::format("did not end within {}; killed", format_duration(policy_.stop_timeout)));
    actions.emplace_back(KillAll{});
  } else if (stuck_at_ && now >= *stuck_at_) {
    stuck_at_.reset();
    announce(actions, Notice::Stuck,
             "is still there after SIGKILL: a process of it waits for a device or is not ours to "
             "kill");
  }
  if (retry_at_ && now >= *retry_at_) apply(RunnerEvent::Launch, now, actions);
  decide(now, actions);
  return actions;
}

bool RunnerCore::is_down() const {
  return at_.left == UnitLeft::No && at_.state != RunnerState::Starting;
}

bool RunnerCore::is_pending() const {
  return want_up_ && demanded_ != served_ && wanted_ != BuildId();
}

std::optional<Instant> RunnerCore::deadline() const {
  auto first = earlier(earlier(kill_at_, stuck_at_), retry_at_);
  // Otherwise it waits for an answer or for the unit to be gone, not for a time.
  const bool can_act = is_down() || at_.state == RunnerState::Running;
  if (is_pending() && can_act) first = earlier(first, due_);
  return first;
}

// Several demands are one: what is due for the first of them serves them all, with the newest.
void RunnerCore::demand(Instant due) {
  due_ = demanded_ == served_ ? due : std::min(due_, due);
  ++demanded_;
}

// The one place that compares what is with what shall be.
void RunnerCore::decide(Instant now, Actions& actions) {
  if (!want_up_) {
    // An unanswered launch is waited for: then there is a program to stop, or there is none.
    const bool is_unanswered = at_.state == RunnerState::Starting && !retry_at_;
    if (!is_unanswered) apply(RunnerEvent::Retire, now, actions);
    return;
  }
  if (!is_pending() || now < due_) return;
  if (at_.state == RunnerState::Running) {
    announce(actions, Notice::Restarting,
             wanted_ == launched_ ? std::string("restarting")
                                  : fmt::format("restarting with build {}", wanted_.value()));
    apply(RunnerEvent::Retire, now, actions);
  } else if (is_down()) {
    apply(RunnerEvent::Launch, now, actions);
  }
}

void RunnerCore::apply(RunnerEvent event, Instant now, Actions& actions) {
  const auto transition = step(at_, event);
  if (!transition) return;
  const bool is_new = transition->next.state != at_.state;
  at_ = transition->next;
  retry_at_.reset();
  if (is_new) actions.emplace_back(Entered{at_.state});
  perform(transition->step, now, actions);
}

void RunnerCore::perform(RunnerStep step, Instant now, Actions& actions) {
  switch (step) {
    case RunnerStep::Nothing:
      return;
    case RunnerStep::Launch:
      served_ = demanded_;
      launched_ = wanted_;
      actions.emplace_back(Launch{launched_});
      return;
    case RunnerStep::RetryLater:
      retry_at_ = std::min(now + backoff_, *retry_until_);
      backoff_ *= 2;
      return;
    case RunnerStep::SignalAll:
      kill_at_ = now + policy_.stop_timeout;
      making_room_for_ = awaited_;
      actions.emplace_back(Signal{policy_.restart_signal});
      return;
    case RunnerStep::DismissOthers:
      making_room_for_ = BuildId();
      // Stopping without a time to kill: it was killed already, and the others with it.
      if (at_.state == RunnerState::Stopping && !kill_at_) return;
      if (!kill_at_) kill_at_ = now + policy_.stop_timeout;
      actions.emplace_back(Signal{SIGTERM});
      return;
  }
}

}  // namespace poltergeist::runners
