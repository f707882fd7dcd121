// SPDX-License-Identifier: MIT
// Promise P5: state files always parse and never claim what is not so, whoever is killed and
// whoever reads meanwhile. RELIABILITY_N scales the number of rounds (support/rounds.h).
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <random>

#include <catch2/catch.hpp>

#include "state/build_log.h"
#include "state/daemon_file.h"
#include "state/executions.h"
#include "state/history.h"
#include "state/state_manager.h"
#include "state/target_state_json.h"
#include "support/rounds.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

namespace {

Moment right_now() {
  return {now(), wall_now()};
}

void make_safe_at_once(const fs::path& file,
                       const std::function<void(const Result<void>&, Moment)>& done) {
  done(sync_file(file), right_now());
}

TargetIdentity identity(const ProjectPaths& paths, const TargetId& target) {
  return {target, "executable", paths.root(), paths.project_name(), paths.root() / "config"};
}

const std::array<TargetId, 3> kTargets = {TargetId("app"), TargetId("lib"), TargetId("web")};

// A daemon that builds without end. Each build that it saw succeed is told through `acknowledged`,
// so that the test knows what must not be forgotten.
[[noreturn]] void build_without_end(const ProjectPaths& paths, int acknowledged) {
  StateManager manager(paths, wall_now(), make_safe_at_once);
  for (const auto& target : kTargets) manager.add(identity(paths, target), right_now());
  auto id = manager.highest_build().value();
  while (true) {
    for (const auto& target : kTargets) {
      const BuildId build(++id);
      manager.build_started(target, {.id = build, .trigger = {"a.c"}}, right_now());
      BuildLog log(paths.log_file(target));
      for (int i = 1; i <= 3; ++i) {
        log.append("compiling");
        manager.build_progress(target, build, {i, 3, i * 33, "cc", wall_now()}, right_now());
      }
      manager.build_ended(target, {.id = build, .verdict = BuildVerdict::Success}, right_now());
      manager.on_time(right_now());
      const std::uint64_t told = build.value();
      if (::write(acknowledged, &told, sizeof told) != sizeof told) ::_exit(1);
    }
  }
}

struct Writer {
  pid_t pid = -1;
  UniqueFd told;
};

Writer start_writer(const ProjectPaths& paths) {
  auto pipe = *make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) build_without_end(paths, pipe.write_end.get());
  return {pid, std::move(pipe.read_end)};
}

// The highest number that the writer told of, once it is dead.
std::uint64_t last_told(const Writer& writer) {
  std::uint64_t last = 0;
  std::uint64_t told = 0;
  while (::read(writer.told.get(), &told, sizeof told) == sizeof told) last = told;
  return last;
}

void kill_after(const Writer& writer, std::uint64_t builds, std::chrono::microseconds rest) {
  std::uint64_t told = 0;
  for (std::uint64_t i = 0; i < builds; ++i) {
    REQUIRE(::read(writer.told.get(), &told, sizeof told) == sizeof told);
  }
  // A moment inside a build: spun, for a sleep is longer than the build.
  const auto until = now() + rest;
  while (now() < until) {
  }
  ::kill(writer.pid, SIGKILL);
  ::waitpid(writer.pid, nullptr, 0);
}

std::size_t temporaries_in(const fs::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    count += entry.path().extension() == ".tmp" ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE(
    "after a kill at any moment every state file parses, forgets nothing and claims nothing") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(*state_dir(dir / "state"), dir.path());
  std::mt19937 random(20260131);
  std::uint64_t highest = 0;
  for (int round = 0; round < test::rounds(30, 2'000); ++round) {
    const auto writer = start_writer(paths);
    kill_after(writer, 1 + random() % 5, std::chrono::microseconds(random() % 500));
    highest = std::max(highest, last_told(writer));

    for (const auto& target : kTargets) {
      const auto state = load_state(paths.state_file(target));
      INFO("round " << round << (state ? "" : ": " + state.error().message));
      REQUIRE((state || state.error().code == Errc::NotFound));
    }
    StateManager next(paths, wall_now(), make_safe_at_once);
    for (const auto& target : kTargets) next.add(identity(paths, target), right_now());
    REQUIRE(next.highest_build().value() >= highest);
    for (const auto& target : kTargets) {
      REQUIRE(load_state(paths.state_file(target))->status() != BuildStatus::Building);
    }
    next.close(right_now());
    REQUIRE(temporaries_in(paths.state_dir()) == 0);
  }
}

TEST_CASE("twenty readers of a file that is written all the time never see half of it") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(*state_dir(dir / "state"), dir.path());
  auto writer = start_writer(paths);
  std::uint64_t told = 0;
  REQUIRE(::read(writer.told.get(), &told, sizeof told) == sizeof told);

  const auto file = paths.state_file(kTargets[0]);
  // By each of twenty. All of ten million take eleven minutes beside another program: half of them.
  const int reads = test::rounds(1'000, 250'000);
  std::vector<pid_t> readers;
  for (int i = 0; i < 20; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::uint64_t seq = 0;
      for (int n = 0; n < reads; ++n) {
        const auto state = load_state(file);
        if (!state || state->seq < seq) ::_exit(1);
        seq = state->seq;
      }
      ::_exit(0);
    }
    readers.push_back(pid);
  }
  // The writer must not wait for us to hear of its builds.
  std::array<char, 4096> ignored{};
  REQUIRE(::fcntl(writer.told.get(), F_SETFL, O_NONBLOCK) == 0);
  for (const pid_t reader : readers) {
    int status = 0;
    while (::waitpid(reader, &status, WNOHANG) == 0) {
      pollfd readable{writer.told.get(), POLLIN, 0};
      ::poll(&readable, 1, 100);
      while (::read(writer.told.get(), ignored.data(), ignored.size()) > 0) {
      }
    }
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
  ::kill(writer.pid, SIGKILL);
  ::waitpid(writer.pid, nullptr, 0);
}

TEST_CASE("a kill while the history is written loses no build that was recorded") {
  const test::TempDir root;
  std::mt19937 random(20260131);
  std::uint64_t highest = 0;
  for (int round = 0; round < test::rounds(30, 2'000); ++round) {
    auto pipe = *make_pipe();
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto history = History::open(root.path());
      if (!history) ::_exit(1);
      while (true) {
        const auto id = history->next_build_id();
        if (!id || !history->record({.id = *id, .target = TargetId("app")})) ::_exit(1);
        const std::uint64_t told = id->value();
        if (::write(pipe.write_end.get(), &told, sizeof told) != sizeof told) ::_exit(1);
      }
    }
    pipe.write_end.reset();
    const Writer writer{pid, std::move(pipe.read_end)};
    kill_after(writer, 1 + random() % 20, std::chrono::microseconds(random() % 300));
    highest = std::max(highest, last_told(writer));

    auto history = History::open(root.path());
    REQUIRE(history);
    const auto recent = history->recent(TargetId("app"), 1);
    REQUIRE(recent);
    REQUIRE(recent->size() == 1);
    CHECK(recent->front().id.value() >= highest);
    CHECK(history->next_build_id()->value() > highest);
  }
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a kill while executions are written loses none that was written down, and no end") {
  const test::TempDir root;
  std::mt19937 random(20261122);
  std::uint64_t highest = 0;
  for (int round = 0; round < test::rounds(30, 2'000); ++round) {
    auto pipe = *make_pipe();
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto executions = Executions::open(root.path());
      if (!executions) ::_exit(1);
      const auto tell = [&](std::uint64_t told) {
        if (::write(pipe.write_end.get(), &told, sizeof told) != sizeof told) ::_exit(1);
      };
      // Twice the number when it is added, one more when it is settled.
      while (true) {
        ExecutionEntry entry{.task = TaskId("notify")};
        const auto id = executions->next();
        if (!id) ::_exit(1);
        entry.id = *id;
        if (!executions->update(entry)) ::_exit(1);
        tell(2 * id->value());
        entry.status = ExecutionStatus::Settled;
        if (!executions->update(entry)) ::_exit(1);
        tell(2 * id->value() + 1);
      }
    }
    pipe.write_end.reset();
    const Writer writer{pid, std::move(pipe.read_end)};
    kill_after(writer, 1 + random() % 20, std::chrono::microseconds(random() % 300));
    const auto told = std::max(highest, last_told(writer));
    highest = told;

    auto executions = Executions::open(root.path());
    REQUIRE(executions);
    if (told > 0) {  // 0: killed behind the last that was waited for, in the first round
      const auto last = executions->find(ExecutionId(told / 2));
      REQUIRE(last);
      REQUIRE(*last);
      if (told % 2 == 1) CHECK((*last)->status == ExecutionStatus::Settled);
    }
    const auto unsettled = executions->unsettled();
    REQUIRE(unsettled);
    // Each killed writer leaves at most the one that it was at.
    CHECK(unsettled->size() <= static_cast<std::size_t>(round) + 1);
    const auto next = executions->next();
    REQUIRE(next);
    CHECK(next->value() > told / 2);
    ExecutionEntry end{.task = TaskId("notify"), .status = ExecutionStatus::Settled};
    end.id = *next;
    REQUIRE(executions->update(end));
  }
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a project has one lock holder also while clean removes the lock of dead ones") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create(*state_dir(dir / "state"), dir.path());
  std::vector<pid_t> holders;
  for (int i = 0; i < 4; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (int n = 0; n < test::rounds(2'000, 50'000); ++n) {
        const auto lock = take_project_lock(paths);
        if (!lock) continue;
        const UniqueFd alone(
            ::open((dir / "alone").c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
        if (!alone) ::_exit(1);
        fs::remove(dir / "alone");
        fs::remove(paths.lock());  // as clean does, last
      }
      ::_exit(0);
    }
    holders.push_back(pid);
  }
  for (const pid_t holder : holders) {
    int status = 0;
    ::waitpid(holder, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
}
