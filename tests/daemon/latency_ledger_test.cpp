// SPDX-License-Identifier: MIT
#include "daemon/latency_ledger.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::daemon;
using namespace std::chrono_literals;

namespace {

using Kind = LatencyLedger::Kind;

const TargetId kApp("app");
const Instant kEvent{1h};
const WallTime kWall = *from_iso8601("2026-01-31T12:00:00.000Z");

StageClock edited() {
  StageClock stages(Stage::Event, kEvent, kWall);
  stages.reached(Stage::WindowClosed, kEvent + 20ms);
  stages.reached(Stage::Queued, kEvent + 20ms);
  return stages;
}

BuildId build(std::uint64_t number) {
  return BuildId(number);
}

}  // namespace

TEST_CASE("a build by an edit reaches all seven stages") {
  LatencyLedger ledger;
  const auto began = ledger.began(kApp, build(1), edited(), kEvent + 21ms);
  CHECK(began[Stage::Spawned] == 21ms);
  CHECK_FALSE(began[Stage::Ended]);
  const auto ended = ledger.ended(kApp, build(1), kEvent + 500ms, Kind::Success);
  REQUIRE(ended);
  CHECK((*ended)[Stage::Ended] == 500ms);
  CHECK_FALSE((*ended)[Stage::RunnerSignalled]);
  CHECK((*ledger.reached(kApp, build(1), Stage::RunnerSignalled,
                         kEvent + 501ms))[Stage::RunnerSignalled] == 501ms);
  const auto up = ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 520ms);
  REQUIRE(up);
  for (const auto& [stage, name] : kStages) {
    INFO(name);
    CHECK((*up)[stage].has_value());
  }
}

TEST_CASE("a build whose command cannot be started has neither a spawn nor an end") {
  LatencyLedger ledger;
  CHECK_FALSE(ledger.began(kApp, build(1), edited(), std::nullopt)[Stage::Spawned]);
  const auto ended = ledger.ended(kApp, build(1), std::nullopt, Kind::Other);
  REQUIRE(ended);
  CHECK((*ended)[Stage::Queued] == 20ms);
  CHECK_FALSE((*ended)[Stage::Spawned]);
  CHECK_FALSE((*ended)[Stage::Ended]);
}

TEST_CASE("no program comes of a build that failed") {
  LatencyLedger ledger;
  ledger.began(kApp, build(1), edited(), kEvent + 21ms);
  ledger.ended(kApp, build(1), kEvent + 30ms, Kind::Other);
  CHECK_FALSE(ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 40ms));
}

TEST_CASE("the program of a success may come up while the next build is running") {
  LatencyLedger ledger;
  ledger.began(kApp, build(1), edited(), kEvent + 21ms);
  ledger.ended(kApp, build(1), kEvent + 30ms, Kind::Success);
  ledger.began(kApp, build(2), edited(), kEvent + 40ms);
  CHECK((*ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 50ms))[Stage::RunnerUp] == 50ms);
  SECTION("and after it, if that failed") {
    ledger.ended(kApp, build(2), kEvent + 60ms, Kind::Other);
    CHECK_FALSE(ledger.reached(kApp, build(2), Stage::RunnerUp, kEvent + 70ms));
  }
  SECTION("but not once it is superseded by another success") {
    ledger.ended(kApp, build(2), kEvent + 60ms, Kind::Success);
    CHECK_FALSE(ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 70ms));
    CHECK(ledger.reached(kApp, build(2), Stage::RunnerUp, kEvent + 70ms));
  }
}

TEST_CASE("a program that is started again later is not up a second time") {
  LatencyLedger ledger;
  ledger.began(kApp, build(1), edited(), kEvent + 21ms);
  ledger.ended(kApp, build(1), kEvent + 30ms, Kind::Success);
  CHECK(ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 40ms));
  CHECK_FALSE(ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent + 1h));
}

TEST_CASE("builds that nobody told of are not invented") {
  LatencyLedger ledger;
  CHECK_FALSE(ledger.ended(kApp, build(1), kEvent, Kind::Success));
  CHECK_FALSE(ledger.reached(kApp, build(1), Stage::RunnerUp, kEvent));
  ledger.began(kApp, build(1), edited(), kEvent + 21ms);
  ledger.forget(kApp);
  CHECK_FALSE(ledger.ended(kApp, build(1), kEvent + 30ms, Kind::Success));
}
