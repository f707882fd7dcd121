// SPDX-License-Identifier: MIT
#include "polter/waiting.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "polter/daemon_start.h"
#include "polter/wait_screen.h"
#include "sys/clock.h"
#include "sys/signals.h"

namespace poltergeist::polter {

namespace {

// Beyond --timeout, for the daemon to say itself that it is over.
constexpr Milliseconds kLastWord{500};
constexpr Milliseconds kRedraw{100};

// What a wait shows, from its first tick until it is destroyed.
class WaitDisplay {
 public:
  WaitDisplay(Loop& loop, const Options& options, const Console& console)
      : loop_(loop), console_(console), began_(now()), draws_(can_draw_on(STDERR_FILENO)) {
    model_.target = options.target;
    model_.log_lines = options.no_logs ? 0 : options.log_lines;
    model_.style = console.style();
    next_tick();
  }

  [[nodiscard]] bool wants_progress() const { return draws_ || console_.verbose(); }

  void on_progress(const api::ProgressNote& note) {
    if (!draws_ && (!model_.build || model_.build->phase != note.phase)) {
      console_.step(fmt::format("{}: {}", note.target, note.phase));
    }
    model_.build = note;
    noted_ = now();
  }

  // Wipes what is there; without a terminal, ends what was begun.
  void end(const Answered& answer) {
    tick_.reset();
    signals_.reset();
    writer_.wipe();
    if (announced_ && answer && answer->answer == api::Answer::Fresh) {
      console_.say(fmt::format("built in {}", format_duration(answer->duration)));
    }
  }

 private:
  void next_tick() {
    tick_ = loop_.at(now() + kRedraw, "wait screen", [this] { show(); });
  }

  void show() {
    if (!draws_) return announce();
    if (is_anothers(STDERR_FILENO)) {
      announce();
      return next_tick();
    }
    if (!signals_) listen();
    const Instant at = now();
    model_.waited = at - began_;
    if (model_.build) model_.build_elapsed = model_.build->elapsed + (at - noted_);
    ++model_.tick;
    writer_.draw(view(model_, size_of_terminal(STDERR_FILENO)));
    next_tick();
  }

  void announce() {
    if (!std::exchange(announced_, true)) {
      console_.say(fmt::format("building {}…", model_.target));
    }
  }

  // Whatever ends or stops us finds the terminal as it was: the frame goes first, then the signal
  // does what it would have done.
  void listen() {
    auto source = SignalSource::create(loop_, {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP},
                                       [this](ArrivedSignal signal) {
                                         writer_.wipe();
                                         signals_.reset();
                                         ::raise(signal.number);
                                         // Stopped and continued, or ignored: the next tick
                                         // listens again.
                                       });
    if (source) signals_ = std::move(*source);
  }

  Loop& loop_;
  const Console& console_;
  Instant began_;
  Instant noted_{};
  bool draws_;
  bool announced_ = false;
  WaitModel model_;
  ScreenWriter writer_{STDERR_FILENO};
  std::unique_ptr<SignalSource> signals_;
  Loop::Handle tick_;
};

Waited without_daemon(NoDaemon why) {
  Waited waited;
  waited.no_daemon = std::move(why);
  return waited;
}

}  // namespace

Waited wait_until_settled(Loop& loop, const Location& location, const Options& options,
                          const Console& console) {
  Waited waited;
  WaitDisplay* display = nullptr;
  bool settled = false;
  const WaitEvents events{
      .answered =
          [&](Answered answer) {
            waited.answer = std::move(answer);
            settled = true;
          },
      .progress = [&](const api::ProgressNote& note) { display->on_progress(note); }};

  auto call = WaitCall::connect(loop, location.socket, events);
  if (!call && call.error().code == Errc::Busy) {
    return without_daemon({ExitCode::CannotAnswer,
                           "the daemon does not answer: too many others wait for it already"});
  }
  if (!call) {
    if (options.no_start) {
      return without_daemon({ExitCode::CannotAnswer,
                             "no daemon runs for this project; `poltergeist haunt` starts it"});
    }
    console.say(fmt::format("starting the daemon of {}", location.root.string()));
    const auto started = start_daemon(location, options.timeout);
    // Somebody else may have started it at the same moment: what counts is whether one is there.
    call = WaitCall::connect(loop, location.socket, events);
    if (!call && !started) return without_daemon(started.error());
  }
  if (!call) return without_daemon({ExitCode::CannotAnswer, call.error().message});

  console.step(fmt::format("connected to {}", location.socket.string()));
  WaitDisplay shown(loop, options, console);
  display = &shown;
  (*call)->ask({.target = options.target,
                .timeout = options.timeout,
                .lease = true,
                .follow = shown.wants_progress(),
                .no_build = options.no_wait});
  const auto overdue = loop.at(now() + options.timeout + kLastWord, "timeout", [&] {
    waited.answer = tl::unexpected<api::RpcError>(
        api::RpcError{api::ErrorCode::Timeout, "the daemon does not answer", nullptr});
    settled = true;
  });
  loop.run_until([&] { return settled; });
  shown.end(waited.answer);
  (*call)->stop_listening();  // what the callbacks refer to ends here
  waited.lease = std::move(*call);
  return waited;
}

}  // namespace poltergeist::polter
