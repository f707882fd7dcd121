// SPDX-License-Identifier: MIT
#include "base/timing.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace std::chrono_literals;

namespace {

const Instant kEvent{1h};
const WallTime kWall = *from_iso8601("2026-01-31T12:00:00.000Z");

}  // namespace

TEST_CASE("stages are kept to the microsecond since the first one") {
  StageClock clock(Stage::Event, kEvent, kWall);
  CHECK(clock.reached(Stage::WindowClosed, kEvent + 20'114'999ns));
  CHECK(clock.reached(Stage::Spawned, kEvent + 1s));
  const auto& timing = clock.timing();
  CHECK(timing.at == kWall);
  CHECK(timing[Stage::Event] == 0us);
  CHECK(timing[Stage::WindowClosed] == 20'114us);
  CHECK(timing.between(Stage::WindowClosed, Stage::Spawned) == 979'886us);
}

TEST_CASE("a stage that was not reached is absent, and so is what would be measured by it") {
  const StageClock clock(Stage::Queued, kEvent, kWall);
  CHECK_FALSE(clock.timing()[Stage::Event]);
  CHECK_FALSE(clock.timing()[Stage::Spawned]);
  CHECK_FALSE(clock.timing().between(Stage::Event, Stage::Queued));
  CHECK_FALSE(clock.timing().between(Stage::Queued, Stage::Spawned));
}

TEST_CASE("a stage is reached once, and never after a later one") {
  StageClock clock(Stage::Event, kEvent, kWall);
  CHECK(clock.reached(Stage::RunnerUp, kEvent + 5ms));
  const auto before = clock.timing();
  CHECK_FALSE(clock.reached(Stage::RunnerUp, kEvent + 1h));
  CHECK_FALSE(clock.reached(Stage::RunnerSignalled, kEvent + 6ms));
  CHECK(clock.timing() == before);
}
