// SPDX-License-Identifier: MIT
// What stands beside the program: readiness, the sidecar, the cleanup, restarts after an exit.
#include <csignal>

#include <catch2/catch.hpp>

#include "runners/core_driver.h"

using namespace poltergeist;
using namespace poltergeist::runners;
using namespace std::chrono_literals;

namespace {

const RunnerPolicy kReadiness{.has_readiness = true, .ready_timeout = 30s};
const RunnerPolicy kSidecar{.has_sidecar = true};
const RunnerPolicy kKeptSidecar{.has_sidecar = true, .sidecar_on_restart = config::OnRestart::Keep};
const RunnerPolicy kCleanup{.has_sidecar = true, .has_cleanup = true};
const RunnerPolicy kRestarts{.on_exit = config::OnExit::Restart};

// Its program is launched, and not ready.
RunnerCore starting_core(const RunnerPolicy& policy = kReadiness) {
  RunnerCore core(policy);
  (void)core.on_success(build(1), kStart);
  CHECK(deeds(core.on_launched(core.launch(), kStart)) == Actions{AwaitReady{}});
  CHECK(core.state() == RunnerState::Starting);
  return core;
}

// Its program and its sidecar are up.
RunnerCore core_with_sidecar(const RunnerPolicy& policy = kSidecar) {
  RunnerCore core(policy);
  (void)core.on_success(build(1), kStart);
  CHECK(deeds(core.on_launched(core.launch(), kStart)) == Actions{StartSidecar{}});
  return core;
}

// The program ends, and nothing of it is left. What follows from the latter.
Actions end_program(RunnerCore& core, Instant time) {
  (void)core.on_leader_exited(core.launch(), Exit::by_signal(SIGINT), time);
  return deeds(core.on_gone(core.launch(), time));
}

}  // namespace

// ---- Readiness

TEST_CASE("a program is starting until it is ready and running from then on") {
  auto core = starting_core();
  CHECK(core.deadline() == kStart + 30s);
  CHECK(core.on_ready(core.launch(), kStart + 1s) == Actions{Entered{RunnerState::Running}});
  CHECK_FALSE(core.deadline());
}

TEST_CASE("one that is not ready in time has failed and is stopped as any other") {
  auto core = starting_core();
  const auto late = core.on_time(kStart + 30s);
  CHECK(said(late) == "was not ready within 30.0s; waiting for the next successful build\n");
  CHECK(deeds(late) == Actions{Signal{SIGINT}});
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.crashes() == 1);
  CHECK(core.on_ready(core.launch(), kStart + 31s).empty());
  CHECK(deeds(core.on_time(kStart + 35s)) == Actions{KillAll{}});
  CHECK(end_program(core, kStart + 35s).empty());
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.is_down());
  CHECK(core.crashes() == 1);
}

TEST_CASE("without a limit it may take as long as it takes") {
  auto core = starting_core({.has_readiness = true, .ready_timeout = 0s});
  CHECK_FALSE(core.deadline());
  (void)core.on_ready(core.launch(), kStart + 24h);
  CHECK(core.state() == RunnerState::Running);
}

TEST_CASE("one that exits before it is ready has completed or failed") {
  for (const int code : {0, 1}) {
    auto core = starting_core();
    const auto ended = core.on_leader_exited(core.launch(), Exit::by_code(code), kStart + 1s);
    CHECK(core.state() == (code == 0 ? RunnerState::Completed : RunnerState::Failed));
    CHECK(deeds(ended) == Actions{Signal{SIGTERM}});
    CHECK(core.on_ready(core.launch(), kStart + 2s).empty());
    (void)core.on_gone(core.launch(), kStart + 2s);
    CHECK_FALSE(core.deadline());
  }
}

TEST_CASE("a stop and a newer build reach a program that is not ready yet") {
  auto stopped = starting_core();
  CHECK(deeds(stopped.request_stop(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(stopped.state() == RunnerState::Stopping);
  CHECK(end_program(stopped, kStart + 2s).empty());
  CHECK(stopped.state() == RunnerState::Idle);
  auto renewed = starting_core();
  (void)renewed.on_success(build(2), kStart + 1s);
  CHECK(deeds(renewed.on_time(kStart + 1250ms)) == Actions{Signal{SIGINT}});
  CHECK(end_program(renewed, kStart + 2s) == Actions{launch_of(2)});
}

// ---- The sidecar

TEST_CASE("the sidecar is started when the program is ready and not before") {
  auto core = starting_core({.has_readiness = true, .ready_timeout = 30s, .has_sidecar = true});
  CHECK_FALSE(core.has_sidecar());
  CHECK(deeds(core.on_ready(core.launch(), kStart + 1s)) == Actions{StartSidecar{}});
  CHECK(core.has_sidecar());
}

TEST_CASE("on a stop the program goes first and the sidecar after it") {
  auto core = core_with_sidecar();
  CHECK(deeds(core.request_stop(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(end_program(core, kStart + 2s) == Actions{StopSidecar{}});
  CHECK(core.state() == RunnerState::Stopping);
  CHECK_FALSE(core.is_down());
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 3s) == Actions{Entered{RunnerState::Idle}});
  CHECK(core.is_down());
}

TEST_CASE("a sidecar that ends by itself touches nothing and nobody starts it again") {
  auto core = core_with_sidecar();
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 1s).empty());
  CHECK(core.state() == RunnerState::Running);
  CHECK_FALSE(core.deadline());
  CHECK(deeds(core.request_stop(kStart + 2s)) == Actions{Signal{SIGINT}});
  CHECK(end_program(core, kStart + 3s).empty());
  CHECK(core.is_down());
}

TEST_CASE("when the program exits by itself the sidecar is stopped") {
  auto core = core_with_sidecar();
  CHECK(deeds(core.on_leader_exited(core.launch(), Exit::by_code(1), kStart + 1s)) ==
        Actions{Signal{SIGTERM}});
  CHECK(deeds(core.on_gone(core.launch(), kStart + 2s)) == Actions{StopSidecar{}});
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 3s).empty());
  CHECK(core.is_down());
}

TEST_CASE("a restart takes the sidecar along and waits for the old one before the new one") {
  auto core = core_with_sidecar();
  const auto first = core.launch();
  CHECK(deeds(core.request_restart(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(end_program(core, kStart + 2s) == Actions{StopSidecar{}, launch_of(1)});
  CHECK(deeds(core.on_launched(core.launch(), kStart + 2s)).empty());
  CHECK(deeds(core.on_sidecar_gone(first, kStart + 3s)) == Actions{StartSidecar{}});
}

TEST_CASE("a sidecar that is kept survives restarts and exits and goes with a stop") {
  auto core = core_with_sidecar(kKeptSidecar);
  const auto first = core.launch();
  (void)core.request_restart(kStart + 1s);
  CHECK(end_program(core, kStart + 2s) == Actions{launch_of(1)});
  CHECK(deeds(core.on_launched(core.launch(), kStart + 2s)).empty());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(1), kStart + 3s);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 3s)).empty());
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.has_sidecar());
  CHECK(deeds(core.request_stop(kStart + 4s)) == Actions{StopSidecar{}});
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.on_sidecar_gone(first, kStart + 5s) == Actions{Entered{RunnerState::Idle}});
}

TEST_CASE("a kept sidecar that ended by itself is started with the next launch") {
  auto core = core_with_sidecar(kKeptSidecar);
  (void)core.on_sidecar_gone(core.launch(), kStart + 1s);
  (void)core.request_restart(kStart + 2s);
  (void)end_program(core, kStart + 3s);
  CHECK(deeds(core.on_launched(core.launch(), kStart + 3s)) == Actions{StartSidecar{}});
}

TEST_CASE("a sidecar whose command is another one is started anew and the program runs on") {
  auto core = core_with_sidecar();
  CHECK(core.request_new_sidecar(kStart + 1s) == Actions{StopSidecar{}});
  CHECK(deeds(core.on_sidecar_gone(core.launch(), kStart + 2s)) == Actions{StartSidecar{}});
}

TEST_CASE("a sidecar that is configured no more is stopped and the program runs on") {
  auto core = core_with_sidecar();
  CHECK(core.set_policy({}, kStart + 1s) == Actions{StopSidecar{}});
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 2s).empty());
  CHECK(core.state() == RunnerState::Running);
  CHECK(deeds(core.set_policy(kSidecar, kStart + 3s)) == Actions{StartSidecar{}});
}

// ---- The cleanup

TEST_CASE("a stop for good is the cleanup and then the program and then the sidecar") {
  auto core = core_with_sidecar(kCleanup);
  CHECK(core.request_stop(kStart + 1s) == Actions{Entered{RunnerState::Stopping}, CleanUp{}});
  CHECK_FALSE(core.deadline());
  CHECK(deeds(core.on_cleanup_ended(kStart + 2s)) == Actions{Signal{SIGINT}});
  CHECK(end_program(core, kStart + 3s) == Actions{StopSidecar{}});
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 4s) == Actions{Entered{RunnerState::Idle}});
}

TEST_CASE("a cleanup that was configured while the program ran is executed") {
  auto core = core_with_sidecar();
  CHECK(core.set_policy(kCleanup, kStart + 1s).empty());
  CHECK(deeds(core.request_stop(kStart + 2s)) == Actions{CleanUp{}});
}

TEST_CASE("a restart is no reason to clean up") {
  auto core = core_with_sidecar(kCleanup);
  CHECK(deeds(core.request_restart(kStart + 1s)) == Actions{Signal{SIGINT}});
}

TEST_CASE("what has exited is cleaned up when it is stopped and once only") {
  auto core = core_with_sidecar(kCleanup);
  (void)end_program(core, kStart + 1s);
  (void)core.on_sidecar_gone(core.launch(), kStart + 1s);
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.request_stop(kStart + 2s) == Actions{CleanUp{}});
  CHECK_FALSE(core.is_down());
  CHECK(core.on_cleanup_ended(kStart + 3s) == Actions{Entered{RunnerState::Idle}});
  CHECK(core.request_stop(kStart + 4s).empty());
}

TEST_CASE("a start during the cleanup waits for its end and for the end of the old program") {
  auto core = core_with_sidecar(kCleanup);
  (void)core.request_stop(kStart + 1s);
  CHECK(core.request_start(kStart + 1s).empty());
  CHECK(deeds(core.on_cleanup_ended(kStart + 2s)) == Actions{Signal{SIGINT}});
  CHECK(end_program(core, kStart + 3s) == Actions{StopSidecar{}, launch_of(1)});
}

TEST_CASE("a program that exits during the cleanup is awaited with it") {
  auto core = core_with_sidecar(kCleanup);
  (void)core.request_stop(kStart + 1s);
  CHECK(deeds(core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s)) ==
        Actions{Signal{SIGTERM}});
  CHECK(core.on_gone(core.launch(), kStart + 2s).empty());
  CHECK(core.state() == RunnerState::Stopping);
  CHECK(deeds(core.on_cleanup_ended(kStart + 3s)) == Actions{StopSidecar{}});
  CHECK(core.on_sidecar_gone(core.launch(), kStart + 4s) == Actions{Entered{RunnerState::Idle}});
}

TEST_CASE("nothing is launched while a cleanup executes") {
  auto core = core_with_sidecar(kCleanup);
  (void)end_program(core, kStart + 1s);
  (void)core.on_sidecar_gone(core.launch(), kStart + 1s);
  (void)core.request_stop(kStart + 2s);
  CHECK(core.request_start(kStart + 2s).empty());
  CHECK(deeds(core.on_cleanup_ended(kStart + 3s)) == Actions{launch_of(1)});
}

// ---- Restarts after an exit

TEST_CASE("a program that exits is started again ever later and then given up") {
  auto core = running_core(kRestarts);
  Instant time = kStart;
  for (const Milliseconds wait : {250ms, 500ms, 1000ms, 2000ms}) {
    const auto exited = core.on_leader_exited(core.launch(), Exit::by_code(1), time);
    CHECK(said(exited) ==
          "exited (exit 1); it is started again in " + format_duration(wait) + "\n");
    CHECK(deeds(core.on_gone(core.launch(), time)).empty());
    CHECK(core.deadline() == time + wait);
    time += wait;
    CHECK(deeds(core.on_time(time)) == Actions{launch_of(1)});
    (void)core.on_launched(core.launch(), time);
  }
  const auto given_up = core.on_leader_exited(core.launch(), Exit::by_code(1), time);
  CHECK(said(given_up) ==
        "exited (exit 1); 5 times within 1m 0s: waiting for the next successful build\n");
  (void)core.on_gone(core.launch(), time);
  CHECK(core.state() == RunnerState::Failed);
  CHECK_FALSE(core.deadline());
  CHECK(core.crashes() == 5);
  CHECK(core.restarts() == 4);
}

TEST_CASE("a success and a request are a new beginning for what was given up") {
  for (const bool by_request : {false, true}) {
    auto core = running_core(kRestarts);
    Instant time = kStart;
    while (true) {
      (void)end_program(core, time);
      if (!core.deadline()) break;
      time = *core.deadline();
      (void)core.on_time(time);
      (void)core.on_launched(core.launch(), time);
    }
    auto actions = by_request ? core.request_start(time) : core.on_success(build(2), time);
    if (!by_request) actions = core.on_time(time + 250ms);
    CHECK(deeds(actions) == Actions{launch_of(by_request ? 1 : 2)});
    (void)core.on_launched(core.launch(), time + 250ms);
    (void)end_program(core, time + 250ms);
    CHECK(core.deadline() == time + 500ms);
  }
}

TEST_CASE("a success while it waits to be started again does not wait that long") {
  auto core = running_core(kRestarts);
  Instant time = kStart;
  for (int i = 0; i < 3; ++i) {
    (void)end_program(core, time);
    time = core.deadline().value();
    (void)core.on_time(time);
    (void)core.on_launched(core.launch(), time);
  }
  (void)end_program(core, time);
  CHECK(core.deadline() == time + 2s);
  (void)core.on_success(build(2), time);
  CHECK(deeds(core.on_time(time + 250ms)) == Actions{launch_of(2)});
}

TEST_CASE("a stop while it waits to be started again is the end of it") {
  auto core = running_core(kRestarts);
  (void)end_program(core, kStart);
  CHECK(core.request_stop(kStart) == Actions{Entered{RunnerState::Idle}});
  CHECK_FALSE(core.deadline());
}

TEST_CASE("one that exits well is started again too and is no crash") {
  auto core = running_core(kRestarts);
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 1s);
  (void)core.on_gone(core.launch(), kStart + 1s);
  CHECK(core.state() == RunnerState::Completed);
  CHECK(core.deadline() == kStart + 1250ms);
  CHECK(core.crashes() == 0);
}

// ---- Whose end it was

TEST_CASE("each launch has a number of its own and it is the core's latest") {
  RunnerCore core({});
  const auto first = core.on_success(build(1), kStart);
  CHECK(first.back() == Action{Launch{LaunchId(1), build(1)}});
  (void)core.on_launch_failed(LaunchId(1), kBusy, kStart);
  const auto again = core.on_time(kStart + 10ms);
  CHECK(again.back() == Action{Launch{LaunchId(2), build(1)}});
  CHECK(core.launch() == LaunchId(2));
}

TEST_CASE("what is told of an older launch changes nothing") {
  auto core = core_with_sidecar();
  const auto old = core.launch();
  (void)core.request_restart(kStart + 1s);
  (void)end_program(core, kStart + 1s);
  (void)core.on_sidecar_gone(old, kStart + 1s);
  (void)core.on_launched(core.launch(), kStart + 1s);
  REQUIRE(core.state() == RunnerState::Running);
  CHECK(core.on_launched(old, kStart + 2s).empty());
  CHECK(core.on_launch_failed(old, kBusy, kStart + 2s).empty());
  CHECK(core.on_ready(old, kStart + 2s).empty());
  CHECK(core.on_leader_exited(old, Exit::by_code(1), kStart + 2s).empty());
  CHECK(core.on_gone(old, kStart + 2s).empty());
  CHECK(core.on_sidecar_gone(old, kStart + 2s).empty());
  CHECK(core.state() == RunnerState::Running);
  CHECK(core.has_sidecar());
  CHECK(core.crashes() == 0);
}
