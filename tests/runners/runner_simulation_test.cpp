// SPDX-License-Identifier: MIT
// A year of a runner in a second: seeded random histories against a model of a process, each
// checked for what a runner promises. A failing one is named by its seed.
#include <csignal>
#include <optional>
#include <random>

#include <catch2/catch.hpp>

#include "runners/runner_core.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::runners;
using namespace std::chrono_literals;

namespace {

// A started program and what comes of it.
struct Program {
  BuildId generation;
  bool has_leader = true;
  bool has_others = false;  // descendants that outlive the leader
  bool obeys = true;        // ends on the polite signal
  bool others_obey = true;  // end on SIGTERM
  bool is_killed = false;
  Duration takes{};             // from the signal to the end
  std::optional<Instant> ends;  // when the leader does
  std::optional<Instant> others_end;
};

// The owner of a core and the world around it: performs actions, keeps time, and finds fault.
class World {
 public:
  explicit World(unsigned seed)
      : random_(seed),
        policy_{SIGINT, pick({0ms, 1ms, 250ms, 1000ms}), pick({50ms, 5000ms})},
        core_(policy_) {}

  // A history, then quiet. Returns what went wrong first, or nothing.
  std::string live() {
    for (int i = 0; i < 30 && fault_.empty(); ++i) {
      happen();
      pass(pick({0ms, 1ms, 10ms, 100ms, 300ms, 2000ms, 6000ms}));
    }
    if (fault_.empty()) pass(1h);
    if (fault_.empty()) check_quiet();
    return fault_;
  }
  [[nodiscard]] int launches() const { return launches_; }

 private:
  bool chance(int percent) { return std::uniform_int_distribution(1, 100)(random_) <= percent; }
  template <typename T>
  T pick(std::initializer_list<T> choices) {
    const auto last = static_cast<int>(choices.size()) - 1;
    return *(choices.begin() + std::uniform_int_distribution(0, last)(random_));
  }
  void check(bool holds, const char* fault) {
    if (!holds && fault_.empty()) fault_ = fault;
  }

  // Something that nobody of ours decides.
  void happen() {
    const int what = std::uniform_int_distribution(0, 99)(random_);
    if (what < 40) {
      ++successes_;
      const BuildId generation(++built_);
      newest_ = generation;
      perform(core_.on_success(generation, now_));
    } else if (what < 55) {
      const auto actions = core_.on_build_failed("it does not compile", now_);
      check(actions.size() == 1 && std::holds_alternative<Announce>(actions.front()),
            "a failed build did something");
    } else if (what < 75) {
      if (program_ && program_->has_leader) end_leader(Exit::by_code(pick({0, 1})));
    } else if (what < 80) {
      wants_up_ = false;
      perform(core_.request_stop(now_));
    } else if (what < 83) {
      wants_up_ = false;
      newest_ = BuildId();
      perform(core_.request_forget(now_));
    } else if (what < 93) {
      wants_up_ = true;
      ++requests_;
      perform(core_.request_start(now_));
    } else {
      wants_up_ = true;
      ++requests_;
      perform(core_.request_restart(now_));
    }
  }

  // Lets time pass, from one thing that is due to the next.
  void pass(Duration span) {
    const Instant until = now_ + span;
    int turns = 0;
    while (fault_.empty()) {
      const auto next = next_event();
      if (!next || *next > until) break;
      check(++turns < 1000, "it never comes to rest");
      now_ = std::max(now_, *next);
      turn();
    }
    now_ = until;
  }
  std::optional<Instant> next_event() const {
    auto next = earlier(core_.deadline(), answer_at_);
    if (program_) next = earlier(next, earlier(program_->ends, program_->others_end));
    return next;
  }
  void turn() {
    if (answer_at_ && *answer_at_ <= now_) {
      answer();
    } else if (program_ && program_->ends && *program_->ends <= now_) {
      end_leader(Exit::by_signal(SIGINT));
    } else if (program_ && program_->others_end && *program_->others_end <= now_) {
      program_->has_others = false;
      program_->others_end.reset();
      tell_if_gone();
    } else {
      const auto before = core_.deadline();
      perform(core_.on_time(now_));
      check(!core_.deadline() || core_.deadline() != before || *before > now_,
            "a deadline stays due");
    }
    check(!kill_due_ || now_ <= *kill_due_, "SIGKILL did not come in time");
  }

  void end_leader(Exit exit) {
    program_->has_leader = false;
    program_->ends.reset();
    perform(core_.on_leader_exited(exit, now_));
    if (program_) tell_if_gone();
  }
  void tell_if_gone() {
    if (program_->has_leader || program_->has_others) return;
    program_.reset();
    kill_due_.reset();
    perform(core_.on_gone(now_));
  }

  void perform(const Actions& actions) {
    for (const auto& action : actions) {
      if (const auto* launch = std::get_if<Launch>(&action))
        return launch_program(launch->generation);
      if (const auto* signal = std::get_if<Signal>(&action)) signal_program(signal->number);
      if (std::holds_alternative<KillAll>(action)) kill_program();
    }
    check(core_.is_down() == (!program_ && core_.state() != RunnerState::Starting),
          "it does not know whether it is down");
  }
  void launch_program(BuildId generation) {
    check(!program_, "two at once");
    check(wants_up_, "a launch after a stop");
    check(generation == newest_, "not the newest was launched");
    check(!answer_at_, "launched twice");
    launching_ = generation;
    answer_at_ = now_ + (chance(70) ? 0ms : pick({1ms, 100ms, 3000ms}));
    if (*answer_at_ == now_) answer();
  }
  void answer() {
    answer_at_.reset();
    if (chance(15)) {
      if (chance(60)) return perform(core_.on_launch_failed({Errc::Busy, "busy"}, now_));
      ++launches_;
      return perform(core_.on_launch_failed({Errc::NotFound, "not there"}, now_));
    }
    ++launches_;
    program_ = Program{.generation = launching_,
                       .has_others = chance(30),
                       .obeys = chance(80),
                       .others_obey = chance(60),
                       .takes = pick({0ms, 1ms, 40ms, 100ms, 4900ms, 6000ms})};
    perform(core_.on_launched(now_));
  }
  void signal_program(int number) {
    check(program_.has_value(), "a signal to nobody");
    if (!program_) return;
    check(!program_->is_killed, "a signal after SIGKILL");
    if (!kill_due_) kill_due_ = now_ + policy_.stop_timeout;
    if (program_->has_leader && program_->obeys) program_->ends = now_ + program_->takes;
    if (program_->has_others && program_->others_obey && number == SIGTERM) {
      program_->others_end = now_ + program_->takes;
    }
  }
  void kill_program() {
    check(program_.has_value(), "SIGKILL to nobody");
    kill_due_.reset();
    if (!program_) return;
    program_->is_killed = true;
    if (program_->has_leader) program_->ends = now_;
    if (program_->has_others) program_->others_end = now_;
  }

  void check_quiet() {
    const auto state = core_.state();
    check(!core_.deadline(), "something is due and does not happen");
    check(state != RunnerState::Starting && state != RunnerState::Stopping, "it stands between");
    check(state == RunnerState::Running || !program_, "something is left");
    check(!core_.is_pending(), "a restart was lost");
    check(wants_up_ || state == RunnerState::Idle, "it runs though it was stopped");
    if (wants_up_ && newest_ != BuildId()) {
      check(core_.running_generation() == newest_, "it is not the newest that ran last");
      check(state != RunnerState::Idle, "it never ran");
    }
    check(launches_ <= successes_ + requests_, "more launches than reasons");
  }

  std::mt19937 random_;
  RunnerPolicy policy_;
  RunnerCore core_;
  Instant now_{1h};
  std::optional<Program> program_;
  BuildId launching_;
  std::optional<Instant> answer_at_;  // when its launch is answered
  std::optional<Instant> kill_due_;
  bool wants_up_ = true;
  std::uint64_t built_ = 0;
  BuildId newest_;
  int successes_ = 0;
  int requests_ = 0;
  int launches_ = 0;
  std::string fault_;
};

}  // namespace

TEST_CASE("whatever happens, in whatever order, a runner keeps its promises") {
  const auto histories = static_cast<unsigned>(test::rounds(100'000, 5'000'000));
  long launches = 0;
  for (unsigned seed = 1; seed <= histories; ++seed) {
    World world(seed);
    const auto fault = world.live();
    if (!fault.empty()) FAIL("history " << seed << ": " << fault);
    launches += world.launches();
  }
  CHECK(launches > histories);  // they were not all quiet
}
