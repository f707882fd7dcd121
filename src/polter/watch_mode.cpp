// SPDX-License-Identifier: MIT
#include "polter/watch_mode.h"

#include <array>
#include <csignal>
#include <optional>

#include "polter/build_feed.h"
#include "polter/configured.h"
#include "polter/terminal.h"
#include "process/command_line.h"
#include "process/environment.h"
#include "runners/port_placeholder.h"
#include "state/channel_log.h"
#include "state/state_dir.h"
#include "supervisor/supervisor.h"
#include "sys/clock.h"
#include "sys/signals.h"

namespace poltergeist::polter {

namespace {

// `timeout` and some supervisors send a signal to a process and then to its group: that is one.
constexpr Milliseconds kSameSignal{100};

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

std::string why_not_fresh(const api::TargetAnswer& answer) {
  if (!answer.reason.empty()) return answer.reason;
  if (!answer.error_summary.empty()) return answer.error_summary;
  return std::string(name_in(api::kAnswers, answer.answer));
}

class WatchMode {
 public:
  WatchMode(Loop& loop, const Location& location, const Options& options, const Console& console)
      : loop_(loop), location_(location), options_(options), console_(console) {}

  Result<int> run(WatchStart start) {
    terminal_ = std::move(start.terminal);
    auto orphanage = process::Orphanage::create(loop_);
    if (!orphanage) return fail(orphanage.error());
    orphanage_ = std::move(*orphanage);
    auto signals = SignalSource::create(loop_, {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP},
                                        [this](ArrivedSignal signal) { on_signal(signal); });
    if (!signals) return fail(signals.error());
    signals_ = std::move(*signals);
    if (terminal_) {
      auto watched = terminal_->watch_closing(loop_, [this] { on_signal({.number = SIGHUP}); });
      if (!watched) return fail(watched.error());
    }
    auto paths = state::ProjectPaths::create(location_.socket.parent_path(), location_.root);
    if (!paths) return fail(paths.error());
    paths_ = std::move(*paths);

    take_settings(start.answer);
    supervisor_ =
        std::make_unique<supervisor::Supervisor>(*orphanage_, settings(), policy(), listener());
    console_.say(fmt::format("watching {}: its program is restarted after each successful build",
                             options_.target));
    follow(start.answer.build);
    if (!start.artifact.empty()) {
      artifact_ = start.artifact;
      lease_ = std::move(start.lease);
      succeed(start.answer.build, artifact_);
    } else {
      console_.say("waiting for the next successful build…");
    }
    start.lease.reset();
    loop_.run();
    return ended_by_ ? Exit::by_signal(*ended_by_).shell_code() : 0;
  }

 private:
  // ---- Settings

  // What the daemon says, and beside it what the configuration does. Nothing of a configuration is
  // executed that no daemon has accepted. One that cannot be read now leaves all as it was.
  void take_settings(const api::TargetAnswer& answer) {
    if (answer.type.empty()) return;
    name_ = TargetId(answer.target);
    restart_ = answer.restart.value_or(api::RestartSettings{});
    const auto project = configured_project(location_);
    const auto* target = project ? project->find(name_) : nullptr;
    if (target == nullptr) return;
    auto_run_ = target->auto_run.value_or(config::AutoRun{});
    directory_ = target->cwd.empty() ? location_.root : location_.root / target->cwd;
    if (options_.no_post_run) auto_run_.post_run.clear();
  }

  void apply(const api::TargetAnswer& answer) {
    take_settings(answer);
    supervisor_->configure(settings(), policy());
  }

  [[nodiscard]] runners::RunnerPolicy policy() const {
    auto policy = runners::policy_for(auto_run_);
    policy.restart_signal = options_.restart_signal.value_or(restart_.signal);
    policy.restart_delay = options_.restart_delay.value_or(restart_.delay);
    policy.stop_timeout = restart_.stop_timeout;
    return policy;
  }

  [[nodiscard]] supervisor::Settings settings() const {
    return {.name = name_.value(),
            .auto_run = auto_run_,
            .root = location_.root,
            .cwd = directory_,
            .env = process::own_environment(),
            .leases = paths_->port_leases(),
            .launch_names = paths_->launch_names()};
  }

  [[nodiscard]] supervisor::Listener listener() {
    supervisor::Listener listener;
    listener.on_launch = [this](const supervisor::LaunchOrder& order) { on_launch(order); };
    listener.on_entered = [this](runners::RunnerState state) {
      console_.step(fmt::format("{}: {}", options_.target, name_in(runners::kRunnerStates, state)));
    };
    listener.on_notice = [this](runners::Notice notice, const std::string& text) {
      on_notice(notice, text);
    };
    listener.on_line = [this](supervisor::Voice voice, std::string_view line) {
      on_line(voice, line);
    };
    listener.on_sidecar_started = [this](const std::string& command) {
      const auto banner = supervisor::sidecar_banner(command);
      sidecar_log().append(banner);
      console_.quote(banner + "\n");
    };
    listener.on_sidecar_exited = [this](Exit exit) {
      if (!ended_by_) console_.say(fmt::format("postRun exited ({})", exit.text()));
    };
    listener.on_gone = [this] {
      if (terminal_) terminal_->take_back();
    };
    listener.on_down = [this] {
      if (ended_by_) loop_.stop();
    };
    return listener;
  }

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
    apply(answer);
    if (answer.answer == api::Answer::Fresh) {
      if (answer.build == launched_build_) return;
      const auto generation = generation_for(answer.build);
      if (generation == supervisor_->core().wanted_generation()) {
        // Told again: it was to be launched when the daemon went away.
        supervisor_->request_start();
      } else {
        take_image(answer.build);
      }
    } else if (answer.answer == api::Answer::Failed) {
      supervisor_->on_build_failed(why_not_fresh(answer));
    } else {
      console_.say(fmt::format("{}: {}", options_.target, why_not_fresh(answer)));
    }
  }

  // A copy of the program as it was built: no build may write meanwhile, and what the daemon calls
  // fresh by then is what is taken. If it cannot say, the program is looked for when it is
  // launched.
  void take_image(BuildId build) {
    if (!auto_run_.launch_image) return supervisor_->on_success(generation_for(build));
    auto call = WaitCall::connect(loop_, location_.socket,
                                  {.answered = [this, build](const Answered& answer) {
                                    const auto over = std::move(taking_);
                                    if (answer && answer->answer == api::Answer::Fresh) {
                                      return succeed(answer->build, answer->output_path);
                                    }
                                    supervisor_->on_success(generation_for(build));
                                  }});
    if (!call) return supervisor_->on_success(generation_for(build));
    taking_ = std::move(*call);
    taking_->ask({.target = options_.target, .lease = true});
  }

  void succeed(BuildId build, const std::filesystem::path& artifact) {
    launched_build_ = build;
    supervisor_->on_success(generation_for(build), artifact);
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

  void on_launch(const supervisor::LaunchOrder& order) {
    // Not from within the core's answer to an event: launching tells it the next one.
    order_ = order;
    is_launching_ = true;
    launch_soon();
  }

  void launch_soon() {
    launch_ = loop_.at(now(), "launch", [this] { launch(); });
  }

  void launch() {
    if (!order_.image_of.empty()) artifact_ = order_.image_of;
    if (lease_ || !order_.image_of.empty()) return start_program();
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
    // What is typed before the program is there reaches us alone: it is heard before that.
    if (signals_->has_unread()) return launch_soon();
    process::SpawnPlan plan;
    plan.argv = process::command_line(artifact_, arguments());
    plan.env = process::own_environment();
    plan.in = plan.out = plan.err = process::Stream::inherit();
    plan.group = terminal_ ? process::Group::Same : process::Group::NewGroup;
    is_launching_ = false;
    if (terminal_) terminal_->lend();
    const auto started = supervisor_->start(order_.launch, plan);
    if (!started) return not_launched(started.error());
    lease_.reset();
    take_deferred();
  }

  // Those of the command line; without any, those of the configuration.
  [[nodiscard]] std::vector<std::string> arguments() const {
    if (!options_.args.empty()) return options_.args;
    std::vector<std::string> arguments;
    for (const auto& argument : auto_run_.args) {
      arguments.push_back(runners::with_port(argument, order_.port));
    }
    return arguments;
  }

  void not_launched(const Error& error) {
    // A busy file is tried again soon, under the same lease.
    if (error.code != Errc::Busy) lease_.reset();
    is_launching_ = false;
    supervisor_->give_up(order_.launch, error);
    if (!is_launching_) take_deferred();
  }

  void take_deferred() {
    if (deferred_) on_settled(*std::exchange(deferred_, std::nullopt));
  }

  // ---- What is said

  void on_notice(runners::Notice notice, const std::string& text) {
    const bool is_about_the_end =
        notice != runners::Notice::Exited && notice != runners::Notice::BuildFailed &&
        notice != runners::Notice::Restarting && notice != runners::Notice::LaunchFailed;
    if (ended_by_ && !is_about_the_end) return;
    console_.say(fmt::format("{}: {}", options_.target, text));
  }

  void on_line(supervisor::Voice voice, std::string_view line) {
    const bool is_sidecar = voice == supervisor::Voice::Sidecar;
    if (is_sidecar) sidecar_log().append(line);
    console_.quote(fmt::format("[{}] {}\n", is_sidecar ? "post-run" : "cleanup", line));
  }

  // Made when there is something to write: most have no sidecar.
  state::ChannelLog& sidecar_log() {
    if (!sidecar_log_) {
      sidecar_log_.emplace(paths_->log_file(name_, supervisor::kSidecarChannel));
    }
    return *sidecar_log_;
  }

  // ---- Signals

  void on_signal(ArrivedSignal signal) {
    const bool typed = signal.from_terminal;
    if (is_ignored(signal.number) && (typed || signal.number == SIGHUP)) return;
    if (signal.number == SIGTSTP) {
      if (!supervisor_->pid()) return stop_ourselves();
      stop_by_ = now() + kStopPatience;
      return stop_with_program(typed ? IfItGoesOn::GoOn : IfItGoesOn::Stop);
    }
    if (ended_by_) return on_further_signal(signal);
    ended_by_ = signal.number;
    first_signal_ = now();
    deferred_.reset();
    const bool knows = typed && terminal_ != nullptr && signal.number != SIGHUP;
    if (knows && supervisor_->pid()) supervisor_->skip_signal_to_end();
    // In this order: a launch that fails when nothing is wanted any more is not tried again.
    supervisor_->request_stop();
    if (is_launching_) not_launched({Errc::Unavailable, signal_name(signal.number)});
    launch_.reset();
    taking_.reset();
    feed_.reset();
    console_.step(fmt::format("{}: ending", signal_name(signal.number)));
  }

  // When we stop, the shell takes the terminal: not before the program has let go of it. One that
  // makes nothing of Ctrl+Z goes on, and so do we.
  enum class IfItGoesOn { GoOn, Stop };
  void stop_with_program(IfItGoesOn otherwise) {
    const bool lives = supervisor_->pid().has_value();
    if (lives && supervisor_->program()->take_stop()) return stop_ourselves();
    if (lives && now() < stop_by_) {
      stop_check_ =
          loop_.at(now() + kStopCheck, "stop", [this, otherwise] { stop_with_program(otherwise); });
    } else if (otherwise == IfItGoesOn::Stop) {
      stop_ourselves();
    }
  }

  void on_further_signal(ArrivedSignal signal) {
    const bool asks_to_hurry = signal.number == SIGINT || signal.number == SIGQUIT;
    const bool is_the_same = !signal.from_terminal && now() - first_signal_ < kSameSignal;
    if (asks_to_hurry && !is_the_same) supervisor_->kill();
  }

  Loop& loop_;
  const Location& location_;
  const Options& options_;
  const Console& console_;
  // Until the very end: what comes while polter ends does not change how it ends.
  const BlockedSignals blocked_{{SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP}, Unread::Discarded};
  // Before the supervisor: restored when the program is gone.
  std::unique_ptr<Terminal> terminal_;
  std::unique_ptr<process::Orphanage> orphanage_;
  std::unique_ptr<SignalSource> signals_;
  std::optional<state::ProjectPaths> paths_;
  std::optional<state::ChannelLog> sidecar_log_;
  TargetId name_{options_.target};
  api::RestartSettings restart_;
  config::AutoRun auto_run_;
  std::filesystem::path directory_;  // of what stands beside the program
  std::unique_ptr<supervisor::Supervisor> supervisor_;
  std::optional<BuildFeed> feed_;

  std::filesystem::path artifact_;
  BuildId launched_build_;  // the daemon's number of what runs or is to run
  BuildId newest_build_;
  std::uint64_t shift_ = 0;           // from the daemon's numbers to the core's
  std::unique_ptr<WaitCall> taking_;  // holds builds back while the image is begun
  std::unique_ptr<WaitCall> lease_;
  supervisor::LaunchOrder order_;
  bool is_launching_ = false;  // the core waits to hear of it
  std::optional<api::TargetAnswer> deferred_;

  std::optional<int> ended_by_;  // the signal that is to end polter
  Instant first_signal_{};
  Instant stop_by_{};  // until when the program may take to stop
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
