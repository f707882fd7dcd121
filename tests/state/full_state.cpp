// SPDX-License-Identifier: MIT
#include "full_state.h"

namespace poltergeist::state {

namespace {

const WallTime kNow = *from_iso8601("2026-01-31T12:00:00.123Z");

Timing full_timing() {
  StageClock clock(Stage::Event, Instant{}, kNow);
  for (const auto& [stage, name] : kStages) {
    clock.reached(stage, Instant{} + Microseconds(20'114) * static_cast<int>(stage));
  }
  return clock.timing();
}

}  // namespace

TargetState full_state() {
  TargetState state;
  state.identity = {TargetId("app"), "executable", "/home/me/app", "app",
                    "/home/me/app/poltergeist.config.json"};
  state.seq = 41;
  state.process = {4711, "host", true, kNow, kNow + Milliseconds(1)};
  state.watch = WatchState{WatchStatus::Degraded, "too many directories", 17};
  state.last_build = LastBuild{
      .id = BuildId(42),
      .status = BuildStatus::Failure,
      .timestamp = kNow,
      .duration = Milliseconds(1234),
      .git_hash = "abc1234",
      .builder = "executable",
      .trigger = {"src/a.c", "src/b.c"},
      .exit_code = 2,
      .signal = 11,
      .error = "make: *** [app] Error 2",
      .error_summary = "src/a.c:3:1: expected ';'",
      .diagnostics = {{"src/a.c", 3, 1, Severity::Error, "E1", "expected ';'"},
                      {"src/b.c", 9, 0, Severity::Warning, "", "unused"}},
      .progress = Progress{3, 12, 25, "cc", kNow},
      .stalled_since = kNow,
      .artifacts = {"/home/me/app/build/app"},
      .outputs = {{"version", "1.2"}},
      .timing = full_timing(),
  };
  state.last_build_error =
      LastBuildError{2, {"src/a.c:3:1: expected ';'"}, {"cc a.c"}, "make -j8", kNow};
  state.stats = {5, 3, {{Milliseconds(100), kNow}, {Milliseconds(200), kNow}}};
  state.freshness = Freshness{true, 17, 16};
  state.output_path = "/home/me/app/build/app";
  state.hooks["tests"] = {.name = "tests",
                          .status = HookStatus::Failure,
                          .summary = "2 failed",
                          .lines = {"one", "two"},
                          .started_at = kNow,
                          .completed_at = kNow,
                          .duration = Milliseconds(77),
                          .exit_code = 1,
                          .outputs = {{"version", 81.5}},
                          .trigger = BuildVerdict::Failure};
  state.runner = RunnerState{.kind = "executable",
                             .status = RunnerStatus::Running,
                             .pid = 4712,
                             .restarts = 2,
                             .crashes = 1,
                             .generation = BuildId(40),
                             .rolled_back_from = BuildId(41),
                             .rolled_back_because = "exit 1 after 0.3s",
                             .started_at = kNow,
                             .exit_code = 3,
                             .signal = 40,
                             .port = 8080,
                             .listen = {"127.0.0.1:8080", "/run/app.sock"},
                             .command = "build/app --port 8080",
                             .post_run = "running"};
  return state;
}

}  // namespace poltergeist::state
