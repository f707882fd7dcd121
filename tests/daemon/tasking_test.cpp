// SPDX-License-Identifier: MIT
#include "daemon/tasking.h"

#include <catch2/catch.hpp>

#include "process/orphanage.h"
#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::daemon;
using namespace std::chrono_literals;

namespace {

// A project with one task, and what executes it; nothing is written down without `database`.
struct World {
  explicit World(const std::string& line, state::Executions* database = nullptr) {
    config::Task task;
    task.name = TaskId("it");
    task.command = line;
    task.shell = true;
    task.queue = "default";
    task.grace_period = Seconds(3600);
    project.root = dir.path();
    project.tasks.push_back(std::move(task));
    tasking = std::make_unique<Tasking>(Tasking::Parts{.executor = executor,
                                                       .project = project,
                                                       .paths = paths,
                                                       .bus = bus,
                                                       .database = database,
                                                       .kept_state = kept_state},
                                        Tasking::Overrides{});
  }

  ExecutionId submit() {
    ExecutionRequest request{.task = TaskId("it")};
    request.on_line = [this](process::Source, const process::Line& said) {
      lines.emplace_back(said.text);
    };
    request.on_settled = [this](const tasks::ExecutionResult& result) {
      results.push_back(result);
    };
    return tasking->submit(std::move(request)).value();
  }
  bool run_until(const std::function<bool()>& done) const {
    const auto guard = loop->at(now() + 20s, "the test's patience", [this] { loop->stop(); });
    return loop->run_until(done);
  }

  test::TempDir dir;
  config::Project project;
  state::ProjectPaths paths = state::ProjectPaths::create(dir.path(), dir.path()).value();
  std::unique_ptr<Loop> loop = Loop::create().value();
  std::unique_ptr<process::Orphanage> orphanage = process::Orphanage::create(*loop).value();
  process::TaskExecutor executor{*orphanage};
  state::EventBus bus{state::Journal(), [this] {
                        flushes = loop->at(now(), "telling events", [this] { bus.flush(now()); });
                      }};
  Loop::Handle flushes;
  KeptState kept_state{nullptr};
  std::vector<std::string> lines;
  std::vector<tasks::ExecutionResult> results;
  std::unique_ptr<Tasking> tasking;
};

}  // namespace

TEST_CASE("whoever asks knows the number before anything is told of the execution") {
  World world("echo hello");
  std::vector<std::string> types;
  const auto listening = world.bus.subscribe(
      [&](const state::Event& event) { types.emplace_back(state::told(event.body).type); });
  world.submit();
  CHECK(types.empty());
  REQUIRE(world.run_until([&] { return !world.results.empty(); }));
  CHECK(types ==
        std::vector<std::string>{"execution_queued", "execution_started", "execution_ended"});
  CHECK(world.results[0].standard_output == "hello\n");
}

TEST_CASE("one that is cancelled before its turn came is never started") {
  World world("echo started");
  world.tasking->cancel(world.submit());
  REQUIRE(world.run_until([&] { return !world.results.empty(); }));
  CHECK(world.results[0].outcome == ExecutionOutcome::Cancelled);
  CHECK(world.results[0].attempt == 0);
}

TEST_CASE("an execution is accepted and started and told of as ended once that is written down") {
  const test::TempDir root;
  auto database = state::Executions::open(root.path()).value();
  const auto status_of = [&](ExecutionId id) {
    const auto recorded = state::recorded_execution(root.path(), id).value();
    return recorded ? std::optional(recorded->status) : std::nullopt;
  };
  World world("echo hello", &database);
  std::map<ExecutionId, std::optional<state::ExecutionStatus>> accepted;
  std::map<ExecutionId, std::optional<state::ExecutionStatus>> ended;
  const auto listening = world.bus.subscribe([&](const state::Event& event) {
    if (const auto* started = std::get_if<state::ExecutionStarted>(&event.body)) {
      CHECK(status_of(started->execution) == state::ExecutionStatus::Running);
    }
  });
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ExecutionRequest request{.task = TaskId("it")};
    const ExecutionId number(i);
    request.on_accepted = [&](ExecutionId id) { accepted[id] = status_of(id); };
    request.on_settled = [&, number](const tasks::ExecutionResult&) {
      ended[number] = status_of(number);
    };
    CHECK(world.tasking->submit(std::move(request)) == number);
  }
  CHECK(accepted.empty());
  REQUIRE(world.run_until([&] { return ended.size() == 3; }));
  using Status = state::ExecutionStatus;
  CHECK(accepted[ExecutionId(1)] == Status::Running);  // it had its turn at once
  CHECK(accepted[ExecutionId(2)] == Status::Queued);
  CHECK(accepted[ExecutionId(3)] == Status::Queued);
  for (const auto& [id, status] : ended) CHECK(status == Status::Settled);
}

TEST_CASE("an end waits for what executes, and not for longer than it may") {
  World world("trap '' TERM; echo ready; while :; do sleep 0.01; done");
  world.submit();
  REQUIRE(world.run_until([&] { return !world.lines.empty(); }));
  const auto start = now();
  world.tasking->close(200ms);
  REQUIRE(world.run_until([&] { return world.tasking->is_idle(); }));
  CHECK(now() - start >= 200ms);
  REQUIRE(world.results.size() == 1);
  CHECK(world.results[0].outcome == ExecutionOutcome::Cancelled);
  CHECK(world.results[0].signal == SIGKILL);
  CHECK_FALSE(world.tasking->submit({.task = TaskId("it")}).has_value());
}

TEST_CASE("what does not want to be told twice ends by itself, and the end is over at once") {
  World world("trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done");
  world.submit();
  REQUIRE(world.run_until([&] { return !world.lines.empty(); }));
  world.tasking->close(1h);
  REQUIRE(world.run_until([&] { return world.tasking->is_idle(); }));
  CHECK(world.results[0].outcome == ExecutionOutcome::Cancelled);
}

TEST_CASE("a task that is taken out of the configuration while it waits is not executed") {
  World world("echo hello");
  world.submit();
  world.project.tasks.clear();
  REQUIRE(world.run_until([&] { return !world.results.empty(); }));
  CHECK(world.results[0].failure_kind == FailureKind::Spawn);
  CHECK(world.results[0].message == "the task is not in the configuration any more");
}
