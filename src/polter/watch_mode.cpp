// SPDX-License-Identifier: MIT
#include "polter/watch_mode.h"

#include <array>
#include <csignal>
#include <optional>

#include "polter/build_feed.h"
#include "polter/launch.h"
#include "polter/terminal.h"
#include "process/command_line.h"
#include "process/environment.h"
#include "process/unit.h"
#include "runners/runner_core.h"
#include "sys/clock.h"
#include "sys/signals.h"

namespace poltergeist::polter {

namespace {

// `timeout` and some supervisors send a signal to a process and then to its group: that is one.
constexpr Milliseconds kSameSignal{100};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// The kernel tells of a program's stop by SIGCHLD only, which is the Orphanage's.
constexpr Milliseconds kStopCheck{2};
constexpr Milliseconds kStopPatience{500};

// Lets a blocked signal through for as long as it lives.
class UnblockedSignal {
 public:
  explicit UnblockedSignal(int signal) {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &set, &before_);
  }
  UnblockedSignal(const UnblockedSignal&) = delete;
  UnblockedSignal& operator=(const UnblockedSignal&) = delete;
  ~UnblockedSignal() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// By the signal's own default, which spares a job that no shell could continue.
void stop_ourselves() {
  const UnblockedSignal unblocked(SIGTSTP);
  ::raise(SIGTSTP);  // returns after SIGCONT
}

runners::RunnerPolicy policy_for(const Options& options, const api::TargetAnswer& answer) {
  const auto settings = answer.restart.value_or(api::RestartSettings{});
  return {.restart_signal = options.restart_signal.value_or(settings.signal),
          .restart_delay = options.restart_delay.value_or(settings.delay),
          .stop_timeout = settings.stop_timeout};
}

std::string why_not_fresh(const api::TargetAnswer& answer) {
  if (!answer.reason.empty()) return answer.reason;
  if (!answer.error_summary.empty()) return answer.error_summary;
  return std::string(name_in(api::kAnswers, answer.answer));
}

class WatchMode {
 public:
  WatchMode(Loop& loop, const Location& location, const Options& options, const Console& console)
      : loop_(loop),
        location_(location),
        options_(options),
        console_(console),
        terminal_(Terminal::controlling()),
        core_(runners::RunnerPolicy{}) {}

  Result<int> run(WatchStart start) {
    auto orphanage = process::Orphanage::create(loop_);
    if (!orphanage) return fail(orphanage.error());
    orphanage_ = std::move(*orphanage);
    auto signals = SignalSource::create(loop_, {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP},
                                        [this](ArrivedSignal signal) { on_signal(signal); });
    if (!signals) return fail(signals.error());
    signals_ = std::move(*signals);

    core_.set_policy(policy_for(options_, start.answer));
    console_.say(fmt::format("watching {}: its program is restarted after each successful build",
                             options_.target));
    follow(start.answer.build);
    if (!start.artifact.empty()) {
      artifact_ = start.artifact;
      lease_ = std::move(start.lease);
      launched_build_ = start.answer.build;
      perform(core_.on_success(generation_for(launched_build_), now()));
    } else {
      console_.say("waiting for the next successful build…");
    }
    start.lease.reset();
    loop_.run();
    return ended_by_ ? Exit::by_signal(*ended_by_).shell_code() : 0;
  }

 private:
  // ---- Builds

  void follow(BuildId known) {
    feed_.emplace(
        loop_, location_.socket, options_.target, known,
        FeedEvents{.settled = [this](const api::TargetAnswer& answer) { on_settled(answer); },
                   .lost =
                       [this](const std::string& why) {
                         console_.say(fmt::format("{}; the program runs on, trying again…", why));
                       },
                   .back = [this] { console_.say("the daemon answers again"); }});
  }

  void on_settled(const api::TargetAnswer& answer) {
    if (ended_by_) return;
    if (is_launching_) {
      deferred_ = answer;  // what is being launched may be this very build
      return;
    }
    core_.set_policy(policy_for(options_, answer));
    if (answer.answer == api::Answer::Fresh) {
      if (answer.build == launched_build_) return;
      const auto generation = generation_for(answer.build);
      // Told again: it was to be launched when the daemon went away.
      perform(generation == core_.wanted_generation() ? core_.request_start(now())
                                                      : core_.on_success(generation, now()));
    } else if (answer.answer == api::Answer::Failed) {
      perform(core_.on_build_failed(why_not_fresh(answer), now()));
    } else {
      console_.say(fmt::format("{}: {}", options_.target, why_not_fresh(answer)));
    }
  }

  // The core's generations only grow. The daemon's numbers begin anew if its history is lost, and
  // without an answer there is none.
  BuildId generation_for(BuildId build) {
    if (build < newest_build_) shift_ += newest_build_.value() - build.value() + 1;
    if (build == BuildId() && shift_ == 0) shift_ = 1;
    newest_build_ = build;
    return BuildId(build.value() + shift_);
  }

  // ---- Launching

  void launch() {
    if (lease_) return start_program();
    auto call =
        WaitCall::connect(loop_, location_.socket,
                          {.answered = [this](const Answered& answer) { on_lease(answer); }});
    if (!call) return not_known(call.error());
    lease_ = std::move(*call);
    lease_->ask({.target = options_.target, .lease = true});
  }

  void on_lease(const Answered& answer) {
    if (!is_launching_) return;  // the daemon went away under a lease that has served
    if (!answer) return not_known(api::to_error(answer.error()));
    if (answer->answer != api::Answer::Fresh) {
      return not_launched({Errc::Unavailable, why_not_fresh(*answer)});
    }
    artifact_ = answer->output_path;
    launched_build_ = answer->build;
    start_program();
  }

  // Nobody could say whether it is fresh: when somebody can, the build counts again.
  void not_known(const Error& error) {
    feed_->tell_again();
    launched_build_ = BuildId();
    not_launched({Errc::Unavailable, error.message});
  }

  void start_program() {
    process::SpawnPlan plan;
    plan.argv = process::command_line(artifact_, options_.args);
    plan.env = process::own_environment();
    plan.in = plan.out = plan.err = process::Stream::inherit();
    plan.group = terminal_ ? process::Group::Same : process::Group::NewGroup;
    auto unit = process::Unit::start(
        *orphanage_, plan, process::Leftovers::Kill, options_.target,
        {.exited = [this](Exit exit) { perform(core_.on_leader_exited(exit, now())); },
         .gone = [this] { on_gone(); }});
    if (!unit) return not_launched(unit.error());
    lease_.reset();
    unit_ = std::move(*unit);
    is_launching_ = false;
    perform(core_.on_launched(now()));
    take_deferred();
  }

  void not_launched(const Error& error) {
    // A busy file is tried again soon, under the same lease.
    if (error.code != Errc::Busy) lease_.reset();
    is_launching_ = false;
    perform(core_.on_launch_failed(error, now()));
    if (!is_launching_) take_deferred();
  }

  void take_deferred() {
    if (deferred_) on_settled(*std::exchange(deferred_, std::nullopt));
  }

  void on_gone() {
    unit_.reset();
    if (terminal_) terminal_->take_back();
    perform(core_.on_gone(now()));
  }

  // ---- What the core says

  void perform(const runners::Actions& actions) {
    for (const auto& action : actions) {
      std::visit([this](const auto& one) { perform_one(one); }, action);
    }
    if (ended_by_ && core_.is_down()) return loop_.stop();
    const auto deadline = core_.deadline();
    due_ = deadline ? loop_.at(*deadline, "runner", [this] { perform(core_.on_time(now())); })
                    : Loop::Handle();
  }

  void perform_one(const runners::Launch&) {
    // Not from within the core's answer to an event: launching tells it the next one.
    is_launching_ = true;
    launch_ = loop_.at(now(), "launch", [this] { launch(); });
  }
  void perform_one(const runners::Signal& signal) {
    if (unit_ && !program_knows_) unit_->signal_all(signal.number);
  }
  void perform_one(const runners::KillAll&) {
    if (unit_) unit_->kill_all();
  }
  void perform_one(const runners::Entered& entered) {
    console_.step(
        fmt::format("{}: {}", options_.target, name_in(runners::kRunnerStates, entered.state)));
  }
  void perform_one(const runners::Announce& announce) {
    const bool is_about_the_end =
        announce.notice == runners::Notice::Killed || announce.notice == runners::Notice::Stuck;
    if (ended_by_ && !is_about_the_end) return;
    console_.say(fmt::format("{}: {}", options_.target, announce.text));
  }

  // ---- Signals

  void on_signal(ArrivedSignal signal) {
    const bool typed = signal.from_terminal;
    if (is_ignored(signal.number) && (typed || signal.number == SIGHUP)) return;
    if (signal.number == SIGTSTP) {
      stop_by_ = now() + kStopPatience;
      return stop_with_program(typed ? IfItGoesOn::GoOn : IfItGoesOn::Stop);
    }
    if (ended_by_) return on_further_signal(signal);
    ended_by_ = signal.number;
    first_signal_ = now();
    program_knows_ = typed && terminal_ != nullptr && signal.number != SIGHUP;
    deferred_.reset();
    // In this order: a launch that fails when nothing is wanted any more is not tried again.
    perform(core_.request_stop(now()));
    program_knows_ = false;
    if (is_launching_) not_launched({Errc::Unavailable, signal_name(signal.number)});
    launch_.reset();
    feed_.reset();
  }

  // When we stop, the shell takes the terminal: not before the program has let go of it. One that
  // makes nothing of Ctrl+Z goes on, and so do we.
  enum class IfItGoesOn { GoOn, Stop };
  void stop_with_program(IfItGoesOn otherwise) {
    const bool runs = unit_ && !unit_->has_exited();
    if (!runs || unit_->take_stop()) return stop_ourselves();
    if (now() < stop_by_) {
      stop_check_ =
          loop_.at(now() + kStopCheck, "stop", [this, otherwise] { stop_with_program(otherwise); });
    } else if (otherwise == IfItGoesOn::Stop) {
      stop_ourselves();
    }
  }

  void on_further_signal(ArrivedSignal signal) {
    const bool asks_to_hurry = signal.number == SIGINT || signal.number == SIGQUIT;
    const bool is_the_same = !signal.from_terminal && now() - first_signal_ < kSameSignal;
    if (asks_to_hurry && !is_the_same && unit_) unit_->kill_all();
  }

  Loop& loop_;
  const Location& location_;
  const Options& options_;
  const Console& console_;
  // Writing to a terminal in whose background we are does not stop us; a closed pipe does not kill
  // us.
  const BlockedSignals blocked_{SIGTTOU, SIGPIPE};
  std::unique_ptr<Terminal> terminal_;  // before the unit: restored when the program is gone
  std::unique_ptr<process::Orphanage> orphanage_;
  std::unique_ptr<SignalSource> signals_;
  runners::RunnerCore core_;
  std::optional<BuildFeed> feed_;

  std::filesystem::path artifact_;
  BuildId launched_build_;  // the daemon's number of what runs or ran last
  BuildId newest_build_;
  std::uint64_t shift_ = 0;  // from the daemon's numbers to the core's
  std::unique_ptr<WaitCall> lease_;
  bool is_launching_ = false;  // the core waits to hear of it
  std::optional<api::TargetAnswer> deferred_;
  std::unique_ptr<process::Unit> unit_;

  std::optional<int> ended_by_;  // the signal that is to end polter
  Instant first_signal_{};
  bool program_knows_ = false;  // of the signal that is being acted on, from the kernel
  Instant stop_by_{};           // until when the program may take to stop
  Loop::Handle due_;
  Loop::Handle launch_;
  Loop::Handle stop_check_;
};

}  // namespace

Result<int> watch(Loop& loop, const Location& location, const Options& options,
                  const Console& console, WatchStart start) {
  WatchMode mode(loop, location, options, console);
  return mode.run(std::move(start));
}

}  // namespace poltergeist::polter
