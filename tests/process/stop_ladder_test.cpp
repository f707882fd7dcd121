// SPDX-License-Identifier: MIT
#include "process/stop_ladder.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::process;
using namespace std::chrono_literals;

namespace {

using Actions = std::vector<StopAction>;
const Instant kStart{1h};

}  // namespace

TEST_CASE("a unit that ends in time is not killed") {
  StopWalk walk(stop_ladder(SIGINT, 5s), kStart);
  CHECK(walk.on_started(kStart) == Actions{SignalAll{SIGINT}});
  CHECK(walk.deadline() == kStart + 5s);
  CHECK(walk.on_time(kStart + 4999ms).empty());
  walk.on_empty();
  CHECK_FALSE(walk.deadline());
  CHECK(walk.on_time(kStart + 1h).empty());
}

TEST_CASE("each rung has its patience, the last one is SIGKILL, and then a person is told once") {
  StopWalk walk({{SIGINT, 5s}, {SIGTERM, 1s}, {SIGKILL, 2s}}, kStart);
  CHECK(walk.kills_at() == kStart + 6s);
  CHECK(walk.on_started(kStart) == Actions{SignalAll{SIGINT}});
  CHECK(walk.on_time(kStart + 5s) == Actions{SignalAll{SIGTERM}});
  CHECK(walk.deadline() == kStart + 6s);
  CHECK(walk.on_time(kStart + 6s) == Actions{KillAll{}});
  CHECK(walk.deadline() == kStart + 8s);
  CHECK(walk.on_time(kStart + 8s) == Actions{ReportStuck{}});
  CHECK_FALSE(walk.deadline());
}

TEST_CASE("a loop that comes late makes up for it, and gives no rung more time than it has") {
  StopWalk walk({{SIGINT, 5s}, {SIGKILL, 2s}}, kStart);
  (void)walk.on_started(kStart);
  CHECK(walk.on_time(kStart + 1min) == Actions{KillAll{}, ReportStuck{}});
}

TEST_CASE("a ladder without SIGKILL gets it, and nothing comes after it") {
  StopWalk none({}, kStart);
  CHECK(none.on_started(kStart) == Actions{KillAll{}});
  StopWalk polite({{SIGTERM, 1s}}, kStart);
  (void)polite.on_started(kStart);
  CHECK(polite.on_time(kStart + 1s) == Actions{KillAll{}});
  StopWalk strange({{SIGKILL, 1s}, {SIGTERM, 1s}}, kStart);
  CHECK(strange.on_started(kStart) == Actions{KillAll{}});
  CHECK(strange.on_time(kStart + 1h) == Actions{ReportStuck{}});
  CHECK(stop_ladder(SIGKILL, 5s).size() == 1);
}

TEST_CASE("what a leader leaves is told SIGTERM, once, if that was not said already") {
  StopWalk interrupted(stop_ladder(SIGINT, 5s), kStart);
  (void)interrupted.on_started(kStart);
  CHECK(interrupted.on_leader_exited() == Actions{SignalAll{SIGTERM}});
  CHECK(interrupted.on_leader_exited().empty());
  CHECK(interrupted.deadline() == kStart + 5s);
  StopWalk terminated(stop_ladder(SIGTERM, 5s), kStart);
  (void)terminated.on_started(kStart);
  CHECK(terminated.on_leader_exited().empty());
}

TEST_CASE("in a hurry it comes to SIGKILL at once, and only once") {
  StopWalk walk(stop_ladder(SIGINT, 5s), kStart);
  (void)walk.on_started(kStart);
  CHECK(walk.hurry(kStart + 1s) == Actions{KillAll{}});
  CHECK(walk.kills_at() == kStart + 1s);
  CHECK(walk.hurry(kStart + 1s).empty());
  CHECK(walk.deadline() == kStart + 3s);
}
