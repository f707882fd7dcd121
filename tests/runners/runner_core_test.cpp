// SPDX-License-Identifier: MIT
#include "runners/runner_core.h"

#include <csignal>

#include <catch2/catch.hpp>

#include "runners/core_driver.h"

using namespace poltergeist;
using namespace poltergeist::runners;
using namespace std::chrono_literals;

TEST_CASE("the first success launches at once") {
  auto core = running_core();
  CHECK_FALSE(core.deadline());
  CHECK(core.running_generation() == build(1));
}

TEST_CASE(
    "a newer success stops the old one after the delay and launches when nothing of it is left") {
  auto core = running_core();
  CHECK(core.on_success(build(2), kStart + 1s).empty());
  CHECK(core.deadline() == kStart + 1250ms);
  CHECK(core.on_time(kStart + 1249ms).empty());
  CHECK(core.on_time(kStart + 1250ms) ==
        Actions{Announce{Notice::Restarting, "restarting with build 2"},
                Entered{RunnerState::Stopping}, Signal{SIGINT}});
  CHECK(deeds(core.on_leader_exited(core.launch(), Exit::by_signal(SIGINT), kStart + 1300ms)) ==
        Actions{Signal{SIGTERM}});
  CHECK(core.state() == RunnerState::Stopping);
  CHECK(core.on_gone(core.launch(), kStart + 1301ms) == Actions{Entered{RunnerState::Idle},
                                                                Entered{RunnerState::Starting},
                                                                Launch{LaunchId(2), build(2)}});
  CHECK(core.on_launched(core.launch(), kStart + 1302ms) == Actions{Entered{RunnerState::Running}});
  CHECK(core.restarts() == 1);
}

TEST_CASE("successes within the delay and the stop are one restart, of the newest") {
  auto core = running_core();
  (void)core.on_success(build(2), kStart + 1s);
  (void)core.on_success(build(3), kStart + 1200ms);
  CHECK(core.deadline() == kStart + 1250ms);  // the delay runs from the first
  (void)core.on_time(kStart + 1250ms);
  CHECK(core.on_success(build(4), kStart + 1300ms).empty());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 2s)) == Actions{launch_of(4)});
  (void)core.on_launched(core.launch(), kStart + 2s);
  CHECK_FALSE(core.deadline());
}

TEST_CASE("a program that ignores its signal is killed when its time is over") {
  auto core = running_core({SIGTERM, 0ms, 5s});
  CHECK(deeds(core.on_success(build(2), kStart)) == Actions{Signal{SIGTERM}});
  CHECK(core.deadline() == kStart + 5s);
  const auto late = core.on_time(kStart + 5s);
  CHECK(deeds(late) == Actions{KillAll{}});
  CHECK(said(late) == "did not end within 5.0s; killed\n");
  CHECK(core.deadline() == kStart + 7s);
  CHECK(said(core.on_time(kStart + 7s)).find("still there after SIGKILL") != std::string::npos);
  CHECK_FALSE(core.deadline());
  CHECK(core.on_leader_exited(core.launch(), Exit::by_signal(SIGKILL), kStart + 8s).empty());
  CHECK(deeds(core.on_gone(core.launch(), kStart + 8s)) == Actions{launch_of(2)});
}

TEST_CASE("a program that exits by itself waits for the next success") {
  auto core = running_core();
  const auto exited = core.on_leader_exited(core.launch(), Exit::by_code(3), kStart + 1s);
  CHECK(said(exited) == "exited (exit 3); waiting for the next successful build\n");
  CHECK(core.state() == RunnerState::Failed);
  CHECK(core.on_gone(core.launch(), kStart + 1s).empty());
  CHECK(core.is_down());
  CHECK_FALSE(core.deadline());
  (void)core.on_success(build(2), kStart + 10s);
  CHECK(deeds(core.on_time(kStart + 10250ms)) == Actions{launch_of(2)});
}

TEST_CASE("an exit within the delay does not lose the restart") {
  auto core = running_core();
  (void)core.on_success(build(2), kStart + 1s);
  (void)core.on_leader_exited(core.launch(), Exit::by_signal(SIGSEGV), kStart + 1100ms);
  CHECK(core.on_gone(core.launch(), kStart + 1100ms).empty());
  CHECK(core.deadline() == kStart + 1250ms);
  CHECK(deeds(core.on_time(kStart + 1250ms)) == Actions{launch_of(2)});
}

TEST_CASE("what a program leaves when it exits is dismissed, then killed, before another starts") {
  auto core = running_core();
  CHECK(deeds(core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 1s)) ==
        Actions{Signal{SIGTERM}});
  CHECK(core.state() == RunnerState::Completed);
  CHECK_FALSE(core.is_down());
  (void)core.on_success(build(2), kStart + 1s);
  CHECK(deeds(core.on_time(kStart + 1250ms)).empty());
  CHECK(deeds(core.on_time(kStart + 6s)) == Actions{KillAll{}});
  CHECK(deeds(core.on_gone(core.launch(), kStart + 6100ms)) == Actions{launch_of(2)});
}

TEST_CASE("a failed build says so and stops nothing") {
  auto core = running_core();
  const auto failed = core.on_build_failed("main.cpp:3: expected ';'", kStart + 1s);
  CHECK(deeds(failed).empty());
  CHECK(said(failed) == "build failed: main.cpp:3: expected ';'; the program of build 1 runs on\n");
  CHECK_FALSE(core.deadline());
}

TEST_CASE("a busy file is tried again for a second, ever less often") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  std::vector<Milliseconds> tries;
  Instant time = kStart;
  while (core.on_launch_failed(core.launch(), kBusy, time).empty()) {
    time = core.deadline().value();
    tries.push_back(std::chrono::duration_cast<Milliseconds>(time - kStart));
    CHECK(deeds(core.on_time(time)) == Actions{launch_of(1)});
  }
  CHECK(tries == std::vector<Milliseconds>{10ms, 30ms, 70ms, 150ms, 310ms, 630ms, 1000ms});
  CHECK(core.state() == RunnerState::Failed);
  CHECK_FALSE(core.deadline());
}

TEST_CASE("a file that is not busy any more runs") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  CHECK(core.on_launch_failed(core.launch(), kBusy, kStart).empty());
  CHECK(deeds(core.on_time(kStart + 10ms)) == Actions{launch_of(1)});
  (void)core.on_launched(core.launch(), kStart + 10ms);
  CHECK(core.state() == RunnerState::Running);
  CHECK_FALSE(core.deadline());
}

TEST_CASE("a program that cannot be started waits for the next success") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  const auto failed =
      core.on_launch_failed(core.launch(), {Errc::NotFound, "no program app"}, kStart);
  CHECK(said(failed) == "no program app; waiting for the next successful build\n");
  CHECK(core.state() == RunnerState::Failed);
  (void)core.on_success(build(2), kStart + 1s);
  CHECK(deeds(core.on_time(kStart + 1250ms)) == Actions{launch_of(2)});
}

TEST_CASE("a stop wins over a restart, and later successes launch nothing until a start") {
  auto core = running_core();
  (void)core.on_success(build(2), kStart + 1s);
  (void)core.on_time(kStart + 1250ms);
  CHECK(deeds(core.request_stop(kStart + 1300ms)).empty());  // it is being stopped already
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  CHECK(core.on_gone(core.launch(), kStart + 2s) == Actions{Entered{RunnerState::Idle}});
  CHECK(core.on_success(build(3), kStart + 3s).empty());
  CHECK_FALSE(core.deadline());
  CHECK(deeds(core.request_start(kStart + 4s)) == Actions{launch_of(3)});
}

TEST_CASE("what is forgotten is not launched by a start, and the next success is the first") {
  auto core = running_core();
  (void)core.on_success(build(2), kStart + 1s);
  CHECK(deeds(core.request_forget(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(core.request_start(kStart + 2s).empty());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 3s);
  CHECK(core.on_gone(core.launch(), kStart + 3s) == Actions{Entered{RunnerState::Idle}});
  CHECK_FALSE(core.deadline());
  CHECK(deeds(core.on_success(build(1), kStart + 4s)) == Actions{launch_of(1)});
}

TEST_CASE("a stop reaches a program that is just being launched") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  CHECK(core.request_stop(kStart).empty());
  CHECK_FALSE(core.is_down());
  CHECK(deeds(core.on_launched(core.launch(), kStart)) == Actions{Signal{SIGINT}});
  CHECK(core.state() == RunnerState::Stopping);
}

TEST_CASE("a success during a launch is not lost by a stop and a start") {
  RunnerCore core({.restart_delay = 0ms});
  (void)core.on_success(build(1), kStart);
  CHECK(core.on_success(build(2), kStart + 1ms).empty());
  CHECK(core.request_stop(kStart + 2ms).empty());
  CHECK(core.request_start(kStart + 3ms).empty());
  CHECK(deeds(core.on_launched(core.launch(), kStart + 4ms)) == Actions{Signal{SIGINT}});
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 5ms);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 5ms)) == Actions{launch_of(2)});
}

TEST_CASE("a stop while the file is busy ends the tries") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  (void)core.on_launch_failed(core.launch(), kBusy, kStart);
  CHECK(core.request_stop(kStart) ==
        Actions{Entered{RunnerState::Stopping}, Entered{RunnerState::Idle}});
  CHECK_FALSE(core.deadline());
  CHECK(core.is_down());
}

TEST_CASE("a start of what runs is nothing, a restart is a restart without delay") {
  auto core = running_core();
  CHECK(core.request_start(kStart + 1s).empty());
  const auto actions = core.request_restart(kStart + 1s);
  CHECK(deeds(actions) == Actions{Signal{SIGINT}});
  CHECK(said(actions) == "restarting\n");
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 2s)) == Actions{launch_of(1)});
}

TEST_CASE("a start while it is being stopped starts it again") {
  auto core = running_core();
  (void)core.request_stop(kStart + 1s);
  CHECK(core.request_start(kStart + 1s).empty());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 2s)) == Actions{launch_of(1)});
}

TEST_CASE("before the first success there is nothing to start, and a start is remembered") {
  RunnerCore core({}, RunnerCore::Initially::Down);
  CHECK(core.request_start(kStart).empty());
  CHECK_FALSE(core.deadline());
  CHECK(deeds(core.on_success(build(1), kStart + 1s)) == Actions{launch_of(1)});
}

TEST_CASE("an older success is not news") {
  auto core = running_core();
  CHECK(core.on_success(build(1), kStart + 1s).empty());
  CHECK_FALSE(core.deadline());
}

// ---- What a success is waited for

TEST_CASE("a success is awaited until its program runs, and the old one makes room for it") {
  auto core = running_core();
  CHECK(core.awaited() == BuildId());
  (void)core.on_success(build(2), kStart + 1s);
  CHECK(core.awaited() == build(2));
  CHECK(core.making_room_for() == BuildId());
  (void)core.on_time(kStart + 1250ms);
  CHECK(core.making_room_for() == build(2));
  (void)core.on_leader_exited(core.launch(), Exit::by_signal(SIGINT), kStart + 1300ms);
  CHECK(core.making_room_for() == BuildId());  // what is signalled now is what it left
  (void)core.on_gone(core.launch(), kStart + 1301ms);
  CHECK(core.awaited() == build(2));
  (void)core.on_launched(core.launch(), kStart + 1302ms);
  CHECK(core.awaited() == BuildId());
}

TEST_CASE("a restart that a person asked for makes room for no build") {
  auto core = running_core();
  CHECK(deeds(core.request_restart(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(core.making_room_for() == BuildId());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  CHECK(deeds(core.on_gone(core.launch(), kStart + 2s)) == Actions{launch_of(1)});
  CHECK(core.awaited() == BuildId());
}

TEST_CASE("a success of a runner that is stopped is awaited by nobody, also when it is started") {
  auto core = running_core();
  (void)core.on_success(build(2), kStart + 1s);
  CHECK(deeds(core.request_stop(kStart + 1s)) == Actions{Signal{SIGINT}});
  CHECK(core.making_room_for() == BuildId());
  CHECK(core.awaited() == BuildId());
  (void)core.on_leader_exited(core.launch(), Exit::by_code(0), kStart + 2s);
  (void)core.on_gone(core.launch(), kStart + 2s);
  (void)core.on_success(build(3), kStart + 3s);
  CHECK(deeds(core.request_start(kStart + 4s)) == Actions{launch_of(3)});
  CHECK(core.awaited() == BuildId());
}

TEST_CASE("a program that cannot be launched is awaited no more, one whose file is busy is") {
  RunnerCore core({});
  (void)core.on_success(build(1), kStart);
  (void)core.on_launch_failed(core.launch(), kBusy, kStart);
  CHECK(core.awaited() == build(1));
  (void)core.on_time(kStart + 10ms);
  (void)core.on_launch_failed(core.launch(), {Errc::NotFound, "no program app"}, kStart + 10ms);
  CHECK(core.awaited() == BuildId());
}
