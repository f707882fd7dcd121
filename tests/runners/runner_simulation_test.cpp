// SPDX-License-Identifier: MIT
// A year of a runner in a second: seeded random histories against a model of a process, each
// checked for what a runner promises. A failing one is named by its seed.
#include <algorithm>
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
  LaunchId launch;
  BuildId generation;
  bool has_leader = true;
  bool has_others = false;  // descendants that outlive the leader
  bool obeys = true;        // ends on the polite signal
  bool others_obey = true;  // end on SIGTERM
  bool is_killed = false;
  bool is_ready = false;
  LaunchedFrom from = LaunchedFrom::Path;
  Duration takes{};              // from the signal to the end
  std::optional<Instant> ready;  // when it is
  std::optional<Instant> ends;   // when the leader does
  std::optional<Instant> others_end;
};

struct Sidecar {
  LaunchId launch;
  Duration takes{};
  std::optional<Instant> ends;
  bool is_stopped = false;
};

// The owner of a core and the world around it: performs actions, keeps time, and finds fault.
class World {
 public:
  explicit World(unsigned seed) : random_(seed), policy_(any_policy()), core_(policy_) {}

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
  [[nodiscard]] int rollbacks() const { return rollbacks_; }
  [[nodiscard]] int sidecars() const { return sidecars_; }
  [[nodiscard]] int cleanups() const { return cleanups_; }

 private:
  RunnerPolicy any_policy() {
    return {.restart_signal = SIGINT,
            .restart_delay = pick({0ms, 1ms, 250ms, 1000ms}),
            .stop_timeout = pick({50ms, 5000ms}),
            .on_exit = chance(40) ? config::OnExit::Restart : config::OnExit::Wait,
            .has_readiness = chance(40),
            .ready_timeout = pick({0ms, 500ms, 30'000ms}),
            .has_sidecar = chance(50),
            .sidecar_on_restart = chance(50) ? config::OnRestart::Restart : config::OnRestart::Keep,
            .has_cleanup = chance(40),
            .rolls_back = chance(50)};
  }
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
    if (what < 35) {
      const BuildId generation(++built_);
      newest_ = generation;
      new_beginning();
      perform(core_.on_success(generation, now_));
    } else if (what < 48) {
      const auto actions = core_.on_build_failed("it does not compile", now_);
      check(actions.size() == 1 && std::holds_alternative<Announce>(actions.front()),
            "a failed build did something");
    } else if (what < 65) {
      if (program_ && program_->has_leader) end_leader(Exit::by_code(pick({0, 1})));
    } else if (what < 70) {
      if (sidecar_) end_sidecar();
    } else if (what < 73) {
      tell_of_the_past();
    } else if (what < 80) {
      wants_up_ = false;
      perform(core_.request_stop(now_));
    } else if (what < 83) {
      wants_up_ = false;
      newest_ = good_ = failed_ = launching_.generation = BuildId();
      if (program_) program_->generation = BuildId();
      perform(core_.request_forget(now_));
    } else if (what < 92) {
      wants_up_ = true;
      new_beginning();
      const auto state = core_.state();
      const bool is_there = state == RunnerState::Starting || state == RunnerState::Running;
      if (!is_there) failed_ = BuildId();
      perform(core_.request_start(now_));
    } else if (what < 98) {
      wants_up_ = true;
      new_beginning();
      failed_ = BuildId();
      perform(core_.request_restart(now_));
    } else {
      perform(core_.request_new_sidecar(now_));
    }
  }
  void new_beginning() {
    ++reasons_;
    exits_made_good_ = 0;
  }
  // As the documents say it: ready, and up for 5 s.
  void note_good() {
    if (!program_ || !program_->is_ready || !program_->has_leader) return;
    if (core_.state() != RunnerState::Running || now_ - launched_at_ < 5s) return;
    good_ = program_->generation;
    good_from_ = program_->from;
  }
  // The program that was launched last has failed: whether an older one takes its place.
  void note_failure(BuildId generation, bool was_pending) {
    if (!policy_.rolls_back || !wants_up_ || was_pending) return;
    if (generation != newest_ || generation == good_) return;
    if (good_ == BuildId() || good_from_ != LaunchedFrom::Image) return;
    failed_ = generation;
    ++reasons_;
  }
  [[nodiscard]] bool may_be_rolled_back_to(BuildId generation) const {
    return policy_.rolls_back && failed_ == newest_ && failed_ != BuildId() &&
           generation == good_ && good_from_ == LaunchedFrom::Image;
  }

  // What an owner that got it wrong would say of what is over.
  void tell_of_the_past() {
    if (core_.launch() == LaunchId() || core_.launch() == LaunchId(1)) return;
    const LaunchId old(core_.launch().value() - 1);
    const bool nothing = core_.on_launched(old, now_).empty() &&
                         core_.on_ready(old, now_).empty() &&
                         core_.on_leader_exited(old, Exit::by_code(1), now_).empty() &&
                         core_.on_gone(old, now_).empty() &&
                         core_.on_launch_failed(old, {Errc::NotFound, "gone"}, now_).empty();
    check(nothing, "what is over changed something");
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
      note_good();
      turn();
    }
    now_ = until;
    note_good();
  }
  std::optional<Instant> next_event() const {
    auto next = earlier(core_.deadline(), earlier(answer_at_, cleanup_ends_));
    if (program_) {
      next = earlier(next, earlier(program_->ends, program_->others_end));
      next = earlier(next, program_->ready);
    }
    if (sidecar_) next = earlier(next, sidecar_->ends);
    return next;
  }
  bool is_due(const std::optional<Instant>& when) const { return when && *when <= now_; }
  void turn() {
    if (is_due(answer_at_)) {
      answer();
    } else if (is_due(cleanup_ends_)) {
      cleanup_ends_.reset();
      perform(core_.on_cleanup_ended(now_));
    } else if (program_ && is_due(program_->ready)) {
      program_->ready.reset();
      program_->is_ready = core_.state() == RunnerState::Starting;
      perform(core_.on_ready(program_->launch, now_));
    } else if (program_ && is_due(program_->ends)) {
      end_leader(Exit::by_signal(SIGINT));
    } else if (program_ && is_due(program_->others_end)) {
      program_->has_others = false;
      program_->others_end.reset();
      tell_if_gone();
    } else if (sidecar_ && is_due(sidecar_->ends)) {
      end_sidecar();
    } else {
      const auto before = core_.deadline();
      const bool was_starting = program_ && core_.state() == RunnerState::Starting;
      const auto generation = core_.running_generation();
      const bool was_pending = core_.is_pending();
      const auto actions = core_.on_time(now_);
      if (was_starting && core_.state() == RunnerState::Failed) {
        note_failure(generation, was_pending);
      }
      if (was_starting && core_.state() == RunnerState::Failed) allow_one_more();
      perform(actions);
      check(!core_.deadline() || core_.deadline() != before || *before > now_,
            "a deadline stays due");
    }
    check(!kill_due_ || now_ <= *kill_due_, "SIGKILL did not come in time");
  }

  void end_leader(Exit exit) {
    const auto state = core_.state();
    const bool by_itself = state == RunnerState::Running || state == RunnerState::Starting;
    if (by_itself) {
      note_good();
      note_failure(program_->generation, core_.is_pending());
    }
    if (by_itself) allow_one_more();
    program_->has_leader = false;
    program_->ends.reset();
    program_->ready.reset();
    perform(core_.on_leader_exited(program_->launch, exit, now_));
    if (program_) tell_if_gone();
  }
  // Five exits in a row that are made good are the most there can be without anything new.
  void allow_one_more() {
    if (!wants_up_ || policy_.on_exit == config::OnExit::Wait) return;
    if (now_ - launched_at_ >= RestartBackoff::kWell) exits_made_good_ = 0;
    ++reasons_;
    ++exits_made_good_;
  }
  void tell_if_gone() {
    if (program_->has_leader || program_->has_others) return;
    const auto launch = program_->launch;
    program_.reset();
    kill_due_.reset();
    perform(core_.on_gone(launch, now_));
  }
  void end_sidecar() {
    const auto launch = sidecar_->launch;
    sidecar_.reset();
    perform(core_.on_sidecar_gone(launch, now_));
  }

  void perform(const Actions& actions) {
    for (const auto& action : actions) {
      std::visit([this](const auto& one) { perform_one(one); }, action);
    }
    // An answer that came at once was given in between; then its actions were the last.
    check(core_.is_down() == is_down(), "it does not know whether it is down");
  }
  bool is_down() const {
    return !program_ && !sidecar_ && !cleanup_ends_ && core_.state() != RunnerState::Starting;
  }
  void perform_one(const Launch& launch) {
    check(!program_, "two at once");
    check(wants_up_, "a launch after a stop");
    if (launch.generation != newest_) {
      check(may_be_rolled_back_to(launch.generation), "not the newest was launched");
      ++rollbacks_;
    } else {
      check(!may_be_rolled_back_to(good_), "what failed was launched, and not the good one");
    }
    check(!answer_at_, "launched twice");
    check(!cleanup_ends_, "a launch during the cleanup");
    launching_ = launch;
    answer_at_ = now_ + (chance(70) ? 0ms : pick({1ms, 100ms, 3000ms}));
  }
  void answer() {
    answer_at_.reset();
    if (chance(15)) {
      const bool was_pending = core_.is_pending();
      const bool is_busy = chance(60);
      if (!is_busy) ++launches_;
      const auto actions = core_.on_launch_failed(
          launching_.launch, {is_busy ? Errc::Busy : Errc::NotFound, "no launch"}, now_);
      const auto gives_up = [](const Action& action) {
        return std::holds_alternative<Announce>(action);
      };
      if (std::any_of(actions.begin(), actions.end(), gives_up)) {
        note_failure(launching_.generation, was_pending);
      }
      return perform(actions);
    }
    ++launches_;
    needs_cleanup_ = policy_.has_cleanup;
    launched_at_ = now_;
    program_ = Program{.launch = launching_.launch,
                       .generation = launching_.generation,
                       .has_others = chance(30),
                       .obeys = chance(80),
                       .others_obey = chance(60),
                       .is_ready = !policy_.has_readiness,
                       .from = origin_of(launching_.generation),
                       .takes = pick({0ms, 1ms, 40ms, 100ms, 4900ms, 6000ms})};
    perform(core_.on_launched(launching_.launch, now_, program_->from));
  }
  // The image of a good one is kept.
  LaunchedFrom origin_of(BuildId generation) {
    if (generation == good_) return good_from_;
    return chance(80) ? LaunchedFrom::Image : LaunchedFrom::Path;
  }
  void perform_one(const AwaitReady& ready) {
    check(program_ && program_->launch == ready.launch, "nobody is there to be ready");
    check(policy_.has_readiness, "asked for what is not configured");
    if (program_ && chance(80)) program_->ready = now_ + pick({0ms, 1ms, 100ms, 400ms, 1000ms});
  }
  void perform_one(const Signal& signal) {
    check(program_.has_value(), "a signal to nobody");
    if (!program_) return;
    check(!program_->is_killed, "a signal after SIGKILL");
    check(!cleanup_ends_ || !program_->has_leader, "told to end before the cleanup has ended");
    check(wants_up_ || !needs_cleanup_ || !program_->has_leader, "stopped without the cleanup");
    if (!kill_due_) kill_due_ = now_ + policy_.stop_timeout;
    if (program_->has_leader && program_->obeys) program_->ends = now_ + program_->takes;
    if (program_->has_others && program_->others_obey && signal.number == SIGTERM) {
      program_->others_end = now_ + program_->takes;
    }
  }
  void perform_one(const KillAll&) {
    check(program_.has_value(), "SIGKILL to nobody");
    kill_due_.reset();
    if (!program_) return;
    program_->is_killed = true;
    if (program_->has_leader) program_->ends = now_;
    if (program_->has_others) program_->others_end = now_;
  }
  void perform_one(const StartSidecar& start) {
    check(policy_.has_sidecar && wants_up_, "a sidecar that nobody wants");
    check(!sidecar_, "two sidecars at once");
    check(program_ && program_->is_ready && program_->has_leader,
          "a sidecar before the program is ready");
    ++sidecars_;
    sidecar_ = Sidecar{.launch = start.launch, .takes = pick({0ms, 10ms, 3000ms})};
    if (chance(10)) sidecar_->ends = now_;  // it cannot be started
  }
  void perform_one(const StopSidecar&) {
    check(sidecar_ && !sidecar_->is_stopped, "nobody is there to be stopped");
    check(wants_up_ || (!program_ && !cleanup_ends_), "the sidecar was stopped first");
    if (!sidecar_) return;
    sidecar_->is_stopped = true;
    sidecar_->ends = now_ + sidecar_->takes;
  }
  void perform_one(const CleanUp&) {
    check(!wants_up_, "a cleanup though it is to be up");
    check(needs_cleanup_, "nothing to clean up");
    check(!cleanup_ends_, "two cleanups at once");
    needs_cleanup_ = false;
    ++cleanups_;
    cleanup_ends_ = now_ + pick({0ms, 5ms, 5000ms});
  }
  static void perform_one(const Entered&) {}
  static void perform_one(const Announce&) {}

  void check_quiet() {
    const auto state = core_.state();
    const bool may_start_for_ever =
        policy_.has_readiness && (policy_.ready_timeout == 0ms) && state == RunnerState::Starting;
    check(!core_.deadline(), "something is due and does not happen");
    check(state != RunnerState::Stopping, "it stands between");
    check(state != RunnerState::Starting || may_start_for_ever, "it stands before being ready");
    check(state == RunnerState::Running || may_start_for_ever || !program_, "something is left");
    check(!core_.is_pending(), "a restart was lost");
    check(wants_up_ || state == RunnerState::Idle, "it runs though it was stopped");
    check(wants_up_ || (!sidecar_ && !needs_cleanup_), "something is left of a stop");
    if (wants_up_ && newest_ != BuildId()) {
      const auto ran = core_.running_generation();
      check(ran == newest_ || may_be_rolled_back_to(ran), "it is not the newest that ran last");
      check(state != RunnerState::Idle, "it never ran");
    }
    check(launches_ <= reasons_, "more launches than reasons");
    check(exits_made_good_ <= 12, "a program that always exits was started for ever");
  }

  std::mt19937 random_;
  RunnerPolicy policy_;
  RunnerCore core_;
  Instant now_{1h};
  std::optional<Program> program_;
  std::optional<Sidecar> sidecar_;
  std::optional<Instant> cleanup_ends_;
  bool needs_cleanup_ = false;
  Launch launching_;
  Instant launched_at_{};
  std::optional<Instant> answer_at_;  // when its launch is answered
  std::optional<Instant> kill_due_;
  bool wants_up_ = true;
  std::uint64_t built_ = 0;
  BuildId newest_;
  BuildId good_;  // the last that passed its trial
  LaunchedFrom good_from_ = LaunchedFrom::Path;
  BuildId failed_;   // in whose place the good one is to be launched
  int reasons_ = 0;  // for a launch
  int exits_made_good_ = 0;
  int launches_ = 0;
  int rollbacks_ = 0;
  int sidecars_ = 0;
  int cleanups_ = 0;
  std::string fault_;
};

}  // namespace

TEST_CASE("whatever happens, in whatever order, a runner keeps its promises") {
  const auto histories = static_cast<unsigned>(test::histories(100'000, 5'000'000));
  long launches = 0;
  long rollbacks = 0;
  long sidecars = 0;
  long cleanups = 0;
  for (unsigned seed = 1; seed <= histories; ++seed) {
    World world(seed);
    const auto fault = world.live();
    if (!fault.empty()) FAIL("history " << seed << ": " << fault);
    launches += world.launches();
    rollbacks += world.rollbacks();
    sidecars += world.sidecars();
    cleanups += world.cleanups();
  }
  CHECK(launches > histories);  // they were not all quiet
  CHECK(rollbacks > histories / 100);
  CHECK(sidecars > histories / 2);
  CHECK(cleanups > histories / 10);
}
