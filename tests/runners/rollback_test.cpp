// SPDX-License-Identifier: MIT
// A new program that fails soon is replaced by the last good one, and never hides what is newer.
#include <csignal>

#include <catch2/catch.hpp>

#include "runners/core_driver.h"

using namespace poltergeist;
using namespace poltergeist::runners;
using namespace std::chrono_literals;

namespace {

const RunnerPolicy kRollsBack{.restart_delay = 0ms, .rolls_back = true};
const RunnerPolicy kAndRestarts{
    .restart_delay = 0ms, .on_exit = config::OnExit::Restart, .rolls_back = true};
const RunnerPolicy kWithReadiness{
    .restart_delay = 0ms, .has_readiness = true, .ready_timeout = 30s, .rolls_back = true};

void launched_from(RunnerCore& core, Instant time, LaunchedFrom from = LaunchedFrom::Image) {
  (void)core.on_launched(core.launch(), time, from);
}

// What is said, and what is to be done when nothing of it is left.
struct Ended {
  std::string said;
  Actions deeds;
};
Ended ended(RunnerCore& core, Instant time, Exit exit = Exit::by_code(1)) {
  auto text = said(core.on_leader_exited(core.launch(), exit, time));
  return {std::move(text), deeds(core.on_gone(core.launch(), time))};
}

// The program of build 1 was up for its trial, and that of build 2 has been launched at kStart.
RunnerCore core_on_trial(const RunnerPolicy& policy = kRollsBack,
                         LaunchedFrom good = LaunchedFrom::Image) {
  auto at_once = policy;
  at_once.restart_delay = 0ms;
  RunnerCore core(at_once);
  (void)core.on_success(build(1), kStart - 10s);
  launched_from(core, kStart - 10s, good);
  if (policy.has_readiness) (void)core.on_ready(core.launch(), kStart - 10s);
  (void)core.on_time(kStart - 5s);
  CHECK(deeds(core.on_success(build(2), kStart)) == Actions{Signal{SIGINT}});
  CHECK(ended(core, kStart).deeds == Actions{launch_of(2)});
  launched_from(core, kStart);
  (void)core.set_policy(policy, kStart);
  return core;
}

}  // namespace

TEST_CASE("a new program that exits within its trial is replaced by the last good one") {
  for (const auto exit : {Exit::by_code(1), Exit::by_code(0), Exit::by_signal(SIGSEGV)}) {
    auto core = core_on_trial();
    const auto end = ended(core, kStart + 300ms, exit);
    CHECK(end.said == "exited (" + exit.text() + "); build 1 is started in its place\n");
    CHECK(end.deeds == Actions{launch_of(1)});
    CHECK(core.rolled_back_from() == build(2));
    CHECK(core.rolled_back_because() == exit.text() + " after 300ms");
    launched_from(core, kStart + 400ms);
    CHECK(core.running_generation() == build(1));
    CHECK_FALSE(core.deadline());
  }
}

TEST_CASE("one that was up for its trial is good and nothing is rolled back when it exits") {
  auto core = core_on_trial();
  CHECK(core.deadline() == kStart + RunnerCore::kTrial);
  const auto end = ended(core, kStart + RunnerCore::kTrial);
  CHECK(end.said == "exited (exit 1); waiting for the next successful build\n");
  CHECK(end.deeds.empty());
  CHECK(core.good_generation() == build(2));
  CHECK(core.rolled_back_from() == BuildId());
}

TEST_CASE("a program that is not ready yet is on trial however long it is up") {
  auto core = core_on_trial(kWithReadiness);
  const auto end = ended(core, kStart + 20s);
  CHECK(end.deeds == Actions{launch_of(1)});
}

TEST_CASE("a program that is not ready in time is rolled back as one that exits") {
  auto core = core_on_trial(kWithReadiness);
  const auto late = core.on_time(kStart + 30s);
  CHECK(said(late) == "was not ready within 30.0s; build 1 is started in its place\n");
  CHECK(deeds(late) == Actions{Signal{SIGINT}});
  CHECK(ended(core, kStart + 31s).deeds == Actions{launch_of(1)});
  CHECK(core.rolled_back_because() == "not ready within 30.0s");
}

TEST_CASE("a program that is ready late is good as soon as it is ready") {
  auto core = core_on_trial(kWithReadiness);
  (void)core.on_ready(core.launch(), kStart + 20s);
  CHECK(core.good_generation() == build(2));
}

TEST_CASE("a program that cannot be started is rolled back and one that nobody knows of is not") {
  for (const auto code : {Errc::Invalid, Errc::Unavailable}) {
    RunnerCore core(kRollsBack);
    (void)core.on_success(build(1), kStart - 10s);
    launched_from(core, kStart - 10s);
    (void)core.on_success(build(2), kStart);
    (void)ended(core, kStart);
    const auto failed = core.on_launch_failed(core.launch(), {code, "app: no program"}, kStart);
    const bool is_rolled_back = code == Errc::Invalid;
    CHECK(deeds(failed) == (is_rolled_back ? Actions{launch_of(1)} : Actions{}));
  }
}

TEST_CASE("the next success is launched as always and clears it") {
  auto core = core_on_trial();
  (void)ended(core, kStart + 1s);
  launched_from(core, kStart + 1s);
  CHECK(deeds(core.on_success(build(3), kStart + 2s)) == Actions{Signal{SIGINT}});
  CHECK(core.rolled_back_from() == BuildId());
  CHECK(ended(core, kStart + 2s).deeds == Actions{launch_of(3)});
}

TEST_CASE("a success while a new one fails is launched and nothing older") {
  auto core = core_on_trial({.restart_delay = 1s, .rolls_back = true});
  (void)core.on_success(build(3), kStart + 100ms);
  const auto end = ended(core, kStart + 200ms);
  CHECK(end.said == "exited (exit 1); it is about to be started again\n");
  CHECK(end.deeds.empty());
  CHECK(deeds(core.on_time(*core.deadline())) == Actions{launch_of(3)});
}

TEST_CASE("a success while the good one is about to be launched takes its place") {
  auto core = core_on_trial();
  (void)core.on_leader_exited(core.launch(), Exit::by_code(1), kStart + 1s);
  CHECK(deeds(core.on_success(build(3), kStart + 1s)).empty());
  CHECK(deeds(core.on_gone(core.launch(), kStart + 1s)) == Actions{launch_of(3)});
}

TEST_CASE("a good one that exits in the place of a bad one is not rolled back again") {
  auto core = core_on_trial();
  (void)ended(core, kStart + 1s);
  launched_from(core, kStart + 1s);
  const auto end = ended(core, kStart + 2s);
  CHECK(end.said == "exited (exit 1); waiting for the next successful build\n");
  CHECK(end.deeds.empty());
  CHECK_FALSE(core.deadline());
}

TEST_CASE("rolling back comes before starting again and what is started again is the good one") {
  auto core = core_on_trial(kAndRestarts);
  CHECK(ended(core, kStart + 1s).deeds == Actions{launch_of(1)});
  launched_from(core, kStart + 1s);
  const auto end = ended(core, kStart + 2s);
  CHECK(end.said == "exited (exit 1); it is started again in 250ms\n");
  CHECK(deeds(core.on_time(kStart + 2250ms)) == Actions{launch_of(1)});
}

TEST_CASE("a person who asks for a start gets the newest and it is on trial again") {
  auto core = core_on_trial();
  (void)ended(core, kStart + 1s);
  launched_from(core, kStart + 1s);
  CHECK(deeds(core.request_restart(kStart + 2s)) == Actions{Signal{SIGINT}});
  CHECK(ended(core, kStart + 2s).deeds == Actions{launch_of(2)});
  launched_from(core, kStart + 2s);
  CHECK(ended(core, kStart + 3s).deeds == Actions{launch_of(1)});
}

TEST_CASE("without a good one nothing is rolled back and that is said once") {
  RunnerCore core(kAndRestarts);
  (void)core.on_success(build(1), kStart);
  launched_from(core, kStart);
  CHECK(ended(core, kStart + 1s).said ==
        "exited (exit 1); no build before it was good, so nothing is rolled back; it is started "
        "again in 250ms\n");
  (void)core.on_time(kStart + 1250ms);
  launched_from(core, kStart + 1250ms);
  CHECK(ended(core, kStart + 2s).said == "exited (exit 1); it is started again in 500ms\n");
}

TEST_CASE("without an image of the good one nothing is rolled back and that is said") {
  auto core = core_on_trial(kRollsBack, LaunchedFrom::Path);
  const auto end = ended(core, kStart + 1s);
  CHECK(end.said ==
        "exited (exit 1); there is no image of build 1, so nothing is rolled back; waiting for "
        "the next successful build\n");
  CHECK(end.deeds.empty());
}

TEST_CASE("a stop is no failure and a stopped runner rolls nothing back") {
  auto core = core_on_trial();
  (void)core.request_stop(kStart + 1s);
  CHECK(ended(core, kStart + 1s).deeds.empty());
  CHECK(core.rolled_back_from() == BuildId());
  CHECK(core.state() == RunnerState::Idle);
}

TEST_CASE("one that waits to be replaced is good all the same") {
  auto core = core_on_trial({.restart_delay = 20s, .rolls_back = true});
  (void)core.on_success(build(3), kStart + 1s);
  (void)core.on_time(kStart + RunnerCore::kTrial);
  CHECK(core.good_generation() == build(2));
}

TEST_CASE("who switches it off forgets what was good") {
  auto core = core_on_trial(kAndRestarts);
  (void)ended(core, kStart + 1s);
  launched_from(core, kStart + 1s);
  (void)core.set_policy({.on_exit = config::OnExit::Restart}, kStart + 2s);
  CHECK(core.rolled_back_from() == BuildId());
  (void)ended(core, kStart + 3s);
  CHECK(deeds(core.on_time(*core.deadline())) == Actions{launch_of(2)});
}

TEST_CASE("without rollback nothing is due while a program runs") {
  CHECK_FALSE(running_core().deadline());
}
