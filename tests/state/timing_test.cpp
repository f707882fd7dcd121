// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "state/timing_figures.h"
#include "state/timing_json.h"

using namespace poltergeist;
using namespace poltergeist::state;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const WallTime kWall = *from_iso8601("2026-01-31T12:00:00.123Z");

Timing timing(std::vector<std::pair<Stage, Microseconds>> stages) {
  StageClock clock(stages.front().first, Instant{}, kWall);
  for (const auto& [stage, after] : stages) clock.reached(stage, Instant{} + after);
  return clock.timing();
}

Timing spawned_after(Microseconds wait) {
  return timing({{Stage::Event, 0us}, {Stage::Spawned, wait}});
}

const StepFigures* step_of(const TimingFigures& figures, Stage from, Stage to) {
  for (const auto& step : figures.steps) {
    if (step.from == from && step.to == to) return &step;
  }
  return nullptr;
}

}  // namespace

// ---- As JSON

TEST_CASE("a ledger is written in milliseconds to the microsecond, without what was not reached") {
  const auto whole = timing({{Stage::Event, 0us},
                             {Stage::WindowClosed, 20'114us},
                             {Stage::Queued, 20'115us},
                             {Stage::Spawned, 21'000us},
                             {Stage::Ended, 3'600'000'001us},
                             {Stage::RunnerSignalled, 3'600'000'002us},
                             {Stage::RunnerUp, 3'600'000'003us}});
  CHECK(
      to_json(whole).dump() ==
      R"({"at":"2026-01-31T12:00:00.123Z","event":0.0,"windowClosed":20.114,"queued":20.115,)"
      R"("spawned":21.0,"ended":3600000.001,"runnerSignalled":3600000.002,"runnerUp":3600000.003})");
  CHECK(timing_from(json(to_json(whole))) == whole);
  const auto initial = timing({{Stage::Queued, 0us}, {Stage::Spawned, 7us}});
  CHECK(to_json(initial).dump() ==
        R"({"at":"2026-01-31T12:00:00.123Z","queued":0.0,"spawned":0.007})");
  CHECK(timing_from(json(to_json(initial))) == initial);
}

TEST_CASE("every duration to the microsecond reads back as it was written") {
  for (std::int64_t us = 1; us < 30'000'000'000'000; us = us * 3 + 1) {
    const auto one = spawned_after(Microseconds(us));
    if (timing_from(json::parse(to_json(one).dump())) != one) FAIL(us << "us");
  }
}

TEST_CASE("what is no ledger is dropped, what is no time in it is absent") {
  const json good =
      to_json(timing({{Stage::Event, 0us}, {Stage::Queued, 5us}, {Stage::Ended, 9us}}));
  for (const auto* text :
       {"null", "7", "[]", "{}", R"("x")", R"({"at":"2026-01-31T12:00:00.123Z"})",
        R"({"at":1,"event":0})", R"({"event":0})"}) {
    INFO(text);
    CHECK_FALSE(timing_from(json::parse(text)));
  }
  auto backwards = good;
  backwards["ended"] = 0.001;
  CHECK_FALSE(timing_from(backwards));
  for (const auto& value : {json("soon"), json(-1), json(1e300), json(nullptr), json::array()}) {
    auto odd = good;
    odd["queued"] = value;
    const auto read = timing_from(odd);
    REQUIRE(read);
    CHECK_FALSE((*read)[Stage::Queued]);
    CHECK((*read)[Stage::Ended] == 9us);
  }
}

// ---- Figures

TEST_CASE("percentiles are nearest-rank: values that were measured") {
  std::vector<Timing> builds;
  for (int ms = 100; ms >= 1; --ms) builds.push_back(spawned_after(Milliseconds(ms)));
  const auto hundred = figures_of(builds);
  const auto* step = step_of(hundred, Stage::Event, Stage::Spawned);
  REQUIRE(step);
  CHECK(*step == StepFigures{Stage::Event, Stage::Spawned, 100, 50ms, 99ms});

  const auto one = figures_of({spawned_after(3ms)});
  CHECK(*step_of(one, Stage::Event, Stage::Spawned) ==
        StepFigures{Stage::Event, Stage::Spawned, 1, 3ms, 3ms});
  const auto two = figures_of({spawned_after(9ms), spawned_after(3ms)});
  CHECK(*step_of(two, Stage::Event, Stage::Spawned) ==
        StepFigures{Stage::Event, Stage::Spawned, 2, 3ms, 9ms});
}

TEST_CASE("a step counts the builds that took it, and one that none took is not there") {
  const auto figures = figures_of(
      {timing({{Stage::Queued, 0us}, {Stage::Spawned, 1ms}}), timing({{Stage::Event, 0us},
                                                                      {Stage::WindowClosed, 20ms},
                                                                      {Stage::Queued, 20ms},
                                                                      {Stage::Spawned, 22ms}})});
  CHECK(figures.builds == 2);
  CHECK(*step_of(figures, Stage::Queued, Stage::Spawned) ==
        StepFigures{Stage::Queued, Stage::Spawned, 2, 1ms, 2ms});
  CHECK(step_of(figures, Stage::Event, Stage::Spawned)->builds == 1);
  CHECK(step_of(figures, Stage::Spawned, Stage::Ended) == nullptr);
  CHECK(figures_of({}) == TimingFigures{});
}

TEST_CASE("figures name the stages as the ledger does, in milliseconds") {
  const auto record = to_json(figures_of({spawned_after(21'933us)}));
  CHECK(record == json::parse(R"({"builds": 1, "steps": [
    {"from": "event", "to": "spawned", "builds": 1, "p50": 21.933, "p99": 21.933}]})"));
}
