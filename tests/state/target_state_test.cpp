// SPDX-License-Identifier: MIT
#include "state/target_state.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::state;

namespace {

const WallTime kStart = *from_iso8601("2026-01-31T12:00:00.000Z");

WallTime at(int ms) {
  return kStart + Milliseconds(ms);
}

BuildEnd success(BuildId id, int ms) {
  return {.id = id, .verdict = BuildVerdict::Success, .duration = Milliseconds(ms), .exit_code = 0};
}

BuildEnd failure(BuildId id) {
  return {.id = id,
          .verdict = BuildVerdict::Failure,
          .duration = Milliseconds(20),
          .exit_code = 2,
          .error = "make: *** [app] Error 2",
          .error_summary = "a.c:3: expected ';'",
          .error_output = {"a.c:3: expected ';'"},
          .last_output = {"cc a.c", "a.c:3: expected ';'"},
          .command = "make"};
}

void build(TargetState& state, const BuildEnd& end, int ms) {
  on_build_started(state, {.id = end.id}, at(ms));
  REQUIRE(on_build_ended(state, end, at(ms + 10)));
}

}  // namespace

TEST_CASE("a build is building from its start to its end") {
  TargetState state;
  CHECK(state.status() == BuildStatus::Idle);
  on_build_started(state, {BuildId(1), "executable", "abc123", {"a.c"}}, at(0));
  CHECK(state.status() == BuildStatus::Building);
  CHECK(state.last_build->timestamp == at(0));
  CHECK_FALSE(state.last_build->duration);
  CHECK(on_build_ended(state, success(BuildId(1), 30), at(30)));
  CHECK(state.status() == BuildStatus::Success);
  CHECK(state.last_build->timestamp == at(30));
  CHECK(state.last_build->duration == Milliseconds(30));
  CHECK(state.last_build->git_hash == "abc123");
  CHECK(state.last_build->trigger == std::vector<std::string>{"a.c"});
}

TEST_CASE("progress is there while the build runs, and never moves a settled one back") {
  TargetState state;
  on_build_started(state, {.id = BuildId(1)}, at(0));
  CHECK(on_build_progress(state, BuildId(1), {1, 4, 25, "cc", at(1)}));
  CHECK(state.last_build->progress->percent == 25);
  REQUIRE(on_build_ended(state, success(BuildId(1), 5), at(5)));
  CHECK_FALSE(state.last_build->progress);
  CHECK_FALSE(on_build_progress(state, BuildId(1), {2, 4, 50, "cc", at(6)}));
  CHECK(state.status() == BuildStatus::Success);
}

TEST_CASE("that a build shows no sign of life is there until it does, and never longer than it") {
  TargetState state;
  on_build_started(state, {.id = BuildId(1)}, at(0));
  CHECK_FALSE(on_build_stalled(state, BuildId(2), at(1)));
  CHECK(on_build_stalled(state, BuildId(1), at(1)));
  CHECK(state.last_build->stalled_since == at(1));
  CHECK(on_build_stalled(state, BuildId(1), std::nullopt));
  CHECK_FALSE(state.last_build->stalled_since);
  CHECK(on_build_stalled(state, BuildId(1), at(1)));
  REQUIRE(on_build_ended(state, success(BuildId(1), 5), at(5)));
  CHECK_FALSE(state.last_build->stalled_since);
  CHECK_FALSE(on_build_stalled(state, BuildId(1), at(6)));
}

TEST_CASE("an end or progress of another build changes nothing") {
  TargetState state;
  on_build_started(state, {.id = BuildId(2)}, at(0));
  const auto before = state;
  CHECK_FALSE(on_build_ended(state, success(BuildId(1), 1), at(1)));
  CHECK_FALSE(on_build_progress(state, BuildId(1), {}));
  CHECK(state == before);
}

TEST_CASE("a verdict is given once") {
  TargetState state;
  build(state, success(BuildId(1), 1), 0);
  const auto before = state;
  CHECK_FALSE(on_build_ended(state, failure(BuildId(1)), at(50)));
  CHECK(state == before);
}

TEST_CASE("the last error stays through later builds until one succeeds") {
  TargetState state;
  build(state, failure(BuildId(1)), 0);
  REQUIRE(state.last_build_error);
  CHECK(state.last_build_error->exit_code == 2);
  CHECK(state.last_build_error->command == "make");
  CHECK(state.last_build->error_summary == "a.c:3: expected ';'");
  on_build_started(state, {.id = BuildId(2)}, at(100));
  CHECK(state.last_build_error);
  REQUIRE(on_build_ended(state, success(BuildId(2), 1), at(101)));
  CHECK_FALSE(state.last_build_error);
}

TEST_CASE("a failure without an exit code still has a number for readers that want one") {
  TargetState state;
  auto end = failure(BuildId(1));
  end.exit_code.reset();
  end.signal = 9;
  build(state, end, 0);
  CHECK(state.last_build_error->exit_code == 137);
  end.id = BuildId(2);
  end.signal.reset();
  build(state, end, 100);
  CHECK(state.last_build_error->exit_code == -1);
}

TEST_CASE("a cancelled build leaves what was known before it") {
  TargetState state;
  build(state, success(BuildId(1), 7), 0);
  const auto before = state;
  on_build_started(state, {.id = BuildId(2)}, at(100));
  REQUIRE(on_build_ended(state, {.id = BuildId(2), .verdict = BuildVerdict::Cancelled}, at(110)));
  CHECK(state == before);
}

TEST_CASE("cancelling the first build leaves nothing") {
  TargetState state;
  on_build_started(state, {.id = BuildId(1)}, at(0));
  REQUIRE(on_build_ended(state, {.id = BuildId(1), .verdict = BuildVerdict::Cancelled}, at(1)));
  CHECK_FALSE(state.last_build);
  CHECK(state.status() == BuildStatus::Idle);
}

TEST_CASE("a build that replaces a running one is cancelled to the verdict before both") {
  TargetState state;
  build(state, success(BuildId(1), 7), 0);
  on_build_started(state, {.id = BuildId(2)}, at(100));
  on_build_started(state, {.id = BuildId(3)}, at(110));
  REQUIRE(on_build_ended(state, {.id = BuildId(3), .verdict = BuildVerdict::Cancelled}, at(120)));
  CHECK(state.last_build->id == BuildId(1));
}

TEST_CASE("figures are of the last ten successes, counts of all builds") {
  TargetState state;
  for (int i = 1; i <= 12; ++i) {
    build(state, success(BuildId(static_cast<unsigned>(i)), i * 100), i * 1000);
  }
  build(state, failure(BuildId(13)), 13'000);
  CHECK(state.stats.count == 13);
  CHECK(state.stats.successes == 12);
  CHECK(state.stats.recent.size() == 10);
  CHECK(state.stats.shortest() == Milliseconds(300));
  CHECK(state.stats.longest() == Milliseconds(1200));
  CHECK(state.stats.average() == Milliseconds(750));
}

TEST_CASE("figures of nothing are nothing") {
  const BuildStats stats;
  CHECK_FALSE(stats.average());
  CHECK_FALSE(stats.shortest());
  CHECK_FALSE(stats.longest());
}

TEST_CASE("long lists are cut: triggers and diagnostics to the first, output to the last") {
  TargetState state;
  BuildStart start{.id = BuildId(1)};
  auto end = failure(BuildId(1));
  end.last_output.clear();
  for (int i = 0; i < 100; ++i) {
    start.trigger.push_back(std::to_string(i));
    end.diagnostics.push_back({.message = std::to_string(i)});
    end.last_output.push_back(std::to_string(i));
  }
  on_build_started(state, start, at(0));
  REQUIRE(on_build_ended(state, end, at(1)));
  CHECK(state.last_build->trigger.size() == kMostTrigger);
  CHECK(state.last_build->trigger.back() == "19");
  CHECK(state.last_build->diagnostics.size() == kMostDiagnostics);
  CHECK(state.last_build->diagnostics.back().message == "49");
  CHECK(state.last_build_error->last_output.size() == kMostErrorLines);
  CHECK(state.last_build_error->last_output.back() == "99");
}

TEST_CASE("after a crash nothing claims to be running") {
  TargetState state;
  build(state, failure(BuildId(1)), 0);
  on_build_started(state, {.id = BuildId(2)}, at(100));
  REQUIRE(on_build_progress(state, BuildId(2), {1, 2, 50, "", at(101)}));
  state.process.is_active = true;
  state.freshness = Freshness{true, 4, 4};
  state.watch = WatchState{};
  state.runner = RunnerState{.status = RunnerStatus::Running, .pid = 4711, .restarts = 3};
  state.hooks["tests"] = {.name = "tests", .status = HookStatus::Running};
  state.hooks["lint"] = {.name = "lint", .status = HookStatus::Success, .summary = "ok"};

  recovered_after_crash(state, at(5000));

  CHECK(state.status() == BuildStatus::Failure);
  CHECK(state.last_build->id == BuildId(2));
  CHECK(state.last_build->error == "the daemon died during this build");
  CHECK(state.last_build->timestamp == at(5000));
  CHECK_FALSE(state.last_build->duration);
  CHECK_FALSE(state.last_build->progress);
  CHECK(state.last_build_error->exit_code == 2);  // what the compiler said last is still true
  CHECK_FALSE(state.process.is_active);
  CHECK_FALSE(state.freshness);
  CHECK_FALSE(state.watch);
  CHECK(state.runner->status == RunnerStatus::Idle);
  CHECK_FALSE(state.runner->pid);
  CHECK(state.runner->restarts == 3);
  CHECK(state.hooks["tests"].status == HookStatus::Failure);
  CHECK(state.hooks["lint"].summary == "ok");
}

TEST_CASE("a build that had ended is what it was, also after a crash") {
  TargetState state;
  build(state, success(BuildId(1), 1), 0);
  const auto before = *state.last_build;
  recovered_after_crash(state, at(5000));
  CHECK(state.last_build == before);
}

// ---- The ledger of a build

namespace {

Timing spawned() {
  StageClock clock(Stage::Event, Instant{}, at(0));
  clock.reached(Stage::Spawned, Instant{} + Milliseconds(21));
  return clock.timing();
}

Timing up() {
  StageClock clock(Stage::Event, Instant{}, at(0));
  clock.reached(Stage::Spawned, Instant{} + Milliseconds(21));
  clock.reached(Stage::RunnerUp, Instant{} + Milliseconds(90));
  return clock.timing();
}

}  // namespace

TEST_CASE("a ledger is amended when its build has ended, also while the next one is running") {
  TargetState state;
  on_build_started(state, {.id = BuildId(1), .timing = spawned()}, at(0));
  CHECK(state.last_build->timing == spawned());
  auto end = success(BuildId(1), 1);
  end.timing = spawned();
  REQUIRE(on_build_ended(state, end, at(50)));
  SECTION("before the next one") {
    CHECK(on_timing(state, BuildId(1), up()));
    CHECK(state.last_build->timing == up());
  }
  SECTION("during the next one, which is cancelled then") {
    on_build_started(state, {.id = BuildId(2), .timing = spawned()}, at(60));
    CHECK(on_timing(state, BuildId(1), up()));
    CHECK(state.last_build->timing == spawned());
    auto cancelled = success(BuildId(2), 1);
    cancelled.verdict = BuildVerdict::Cancelled;
    REQUIRE(on_build_ended(state, cancelled, at(70)));
    CHECK(state.last_build->timing == up());
  }
  SECTION("never of a build that is forgotten") {
    CHECK_FALSE(on_timing(state, BuildId(7), up()));
  }
}
