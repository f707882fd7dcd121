// SPDX-License-Identifier: MIT
// Whether git is at work in a tree: what its operations leave in its directory, and the processes
// that are there.
#include "watch/git_hold.h"

#include <signal.h>

#include <catch2/catch.hpp>

#include "support/program.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using poltergeist::test::Program;
using poltergeist::test::World;

namespace fs = std::filesystem;

namespace {

// What a process that is called git is like from outside: a name and a current directory.
Program start_git(const fs::path& in, const fs::path& directory) {
  const auto git = directory / "git";
  if (!fs::exists(git)) fs::create_symlink("/bin/sleep", git);
  Program program({.argv = {git.string(), "1000"}, .cwd = in});
  REQUIRE(poltergeist::test::await([&] {
    std::string name;
    std::getline(std::ifstream("/proc/" + std::to_string(program.pid()) + "/comm"), name);
    return name == "git";
  }));
  return program;
}

void end(Program& git) {
  git.signal(SIGKILL);
  (void)git.await_end();
}

struct Repository {
  poltergeist::test::TempDir dir;
  GitPlaces places{.top = dir / "top", .own = dir / "top/.git", .common = dir / "top/.git"};
  GitHold hold{places};
  Instant time = now();

  Repository() { fs::create_directories(places.own); }

  bool is_held_after(Duration later) {
    time += later;
    hold.look(time);
    return hold.since().has_value();
  }
  Program git() const { return start_git(places.top, dir.path()); }
};

}  // namespace

TEST_CASE("the plan of a rebase counts as long as git works at it") {
  Repository repository;
  const auto* const plan = GENERATE("rebase-merge", "rebase-apply", "sequencer");
  INFO(plan);
  auto git = repository.git();
  CHECK_FALSE(repository.is_held_after(Seconds(0)));
  CHECK_FALSE(repository.hold.deadline());
  fs::create_directory(repository.places.own / plan);
  CHECK(repository.is_held_after(Seconds(0)));
  REQUIRE(repository.hold.deadline());
  CHECK(*repository.hold.deadline() > repository.time);
  CHECK(*repository.hold.deadline() <= repository.time + Seconds(1));
  CHECK(repository.is_held_after(Seconds(60)));

  end(git);
  CHECK_FALSE(repository.is_held_after(Seconds(1)));
  CHECK_FALSE(repository.hold.deadline());

  // It stopped for a conflict, say. Whoever goes on with it writes there.
  auto next = repository.git();
  std::ofstream(repository.places.own / plan / "done");
  CHECK(repository.is_held_after(Seconds(1)));
  CHECK(repository.hold.since() == repository.time);
  fs::remove_all(repository.places.own / plan);
  CHECK_FALSE(repository.is_held_after(Seconds(1)));
}

TEST_CASE("a git that works elsewhere is none here") {
  Repository repository;
  fs::create_directories(repository.places.top / "below");
  const auto below = start_git(repository.places.top / "below", repository.dir.path());
  const auto above = start_git(repository.dir.path(), repository.dir.path());
  fs::create_directory(repository.places.own / "rebase-merge");
  CHECK_FALSE(repository.is_held_after(Seconds(0)));
}

TEST_CASE("between two steps of a rebase that waited for somebody, it goes on") {
  Repository repository;
  fs::create_directory(repository.places.own / "rebase-merge");
  CHECK_FALSE(repository.is_held_after(Seconds(0)));
  const auto git = repository.git();
  std::ofstream(repository.hold.lock()).close();
  std::ofstream(repository.places.own / "rebase-merge/done").close();
  CHECK(repository.is_held_after(Seconds(1)));
  const auto since = repository.hold.since();
  fs::remove(repository.hold.lock());
  CHECK(repository.is_held_after(Milliseconds(1)));
  CHECK(repository.hold.since() == since);
}

TEST_CASE("a lock counts for ten seconds, and longer if git works") {
  Repository repository;
  std::ofstream(repository.hold.lock()).close();
  CHECK(repository.is_held_after(Seconds(0)));
  CHECK(repository.hold.deadline() == repository.time + Seconds(10));
  CHECK(repository.is_held_after(Milliseconds(9999)));
  CHECK_FALSE(repository.hold.has_left_its_lock());
  SECTION("nobody is there") {
    CHECK_FALSE(repository.is_held_after(Milliseconds(1)));
    CHECK(repository.hold.has_left_its_lock());
    CHECK_FALSE(repository.hold.deadline());
    fs::remove(repository.hold.lock());
    CHECK_FALSE(repository.is_held_after(Seconds(1)));
    CHECK_FALSE(repository.hold.has_left_its_lock());
    std::ofstream(repository.hold.lock()).close();
    CHECK(repository.is_held_after(Seconds(1)));
  }
  SECTION("git is") {
    auto git = repository.git();
    CHECK(repository.is_held_after(Milliseconds(1)));
    CHECK_FALSE(repository.hold.has_left_its_lock());
    end(git);
    CHECK_FALSE(repository.is_held_after(repository.hold.deadline().value() - repository.time));
    CHECK(repository.hold.has_left_its_lock());
  }
}

TEST_CASE("a lock that was left behind is said, with what to do, and the end of git is noticed") {
  World world;
  fs::create_directories(world / ".git/objects");
  fs::create_directories(world / ".git/refs");
  world.write(".git/HEAD", "ref: refs/heads/main\n");
  auto& watcher = world.watch();
  const auto start = now();
  fs::create_directories(world.outside());
  auto git = start_git(world.root(), world.outside());
  fs::create_directory(world / ".git/rebase-merge");
  (void)watcher.apply(start);
  CHECK(watcher.git_operation_running());
  end(git);
  REQUIRE(watcher.deadline());
  CHECK(*watcher.deadline() <= start + Seconds(1));
  (void)watcher.apply(*watcher.deadline());
  CHECK_FALSE(watcher.git_operation_running());
  CHECK(watcher.state() == WatchState{});

  world.write(".git/index.lock");
  (void)watcher.apply(start + Seconds(10));
  CHECK(watcher.git_operation_running());
  CHECK(watcher.deadline() == start + Seconds(20));
  (void)watcher.apply(start + Seconds(20));
  CHECK_FALSE(watcher.git_operation_running());
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK_THAT(watcher.state().reason,
             Catch::Matchers::StartsWith((world / ".git/index.lock").string()) &&
                 Catch::Matchers::EndsWith("remove it"));
  world.remove(".git/index.lock");
  (void)watcher.apply(start + Seconds(21));
  CHECK(watcher.state() == WatchState{});
}
