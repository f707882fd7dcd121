// SPDX-License-Identifier: MIT
// What is special about one mark on a whole file system. That it loses nothing:
// convergence_test.cpp.
#include "watch/fanotify_source.h"

#include <fcntl.h>
#include <unistd.h>

#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;

namespace {

// False, and loud, where it may not be used.
bool watch_by_fanotify(World& world) {
  auto source = FanotifySource::create(world.root());
  if (!source) {
    WARN("SKIPPED: " << source.error().message);
    return false;
  }
  world.watch_with(std::move(*source));
  return true;
}

}  // namespace

TEST_CASE("changes elsewhere on the file system are nobody's hints") {
  World world;
  world.write("a.c");
  if (!watch_by_fanotify(world)) return;
  CHECK(world->backend() == "fanotify");
  (void)world->sync(now());
  const auto hints = world->counters().hints;
  for (int i = 0; i < 100; ++i) std::ofstream(world.outside() / std::to_string(i)) << "x";
  CHECK(world.changes().empty());
  CHECK(world->counters().hints == hints);
  world.append("a.c");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes() == "*a.c");
}

TEST_CASE("what lies on another file system is watched by inotify beside the mark") {
  World world;
  const test::TempDir elsewhere(test::memory_directory());
  world.write("a.log");
  world.options().global_excludes = elsewhere / "ignore";
  if (!watch_by_fanotify(world)) return;
  (void)world->sync(now());
  elsewhere.write("ignore", "*.log\n");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes() == "-a.log");
}

TEST_CASE("the mark's own queue may overflow, with changes of others only") {
  World world(World::options_for({"**"}), test::memory_directory());
  world.write("a/x.c");
  if (!watch_by_fanotify(world)) return;
  for (int i = 0; i < 20'000; ++i) {
    const auto name = (world.outside() / std::to_string(i)).string();
    ::close(::open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  }
  world.append("a/x.c");
  world.write("b/y.c");
  CHECK(world.changes() == "*a/x.c +b/y.c");
  CHECK(world->counters().overflows == 1);
  world.append("b/y.c");
  CHECK(world.changes() == "*b/y.c");
}

TEST_CASE("the marked root may go and come back, itself or another") {
  World world;
  world.write("a/x.c");
  if (!watch_by_fanotify(world)) return;
  (void)world->sync(now());
  std::filesystem::rename(world.root(), world.outside() / "away");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes().empty());
  CHECK(world->state().kind == WatchState::Kind::Failed);
  std::filesystem::rename(world.outside() / "away", world.root());
  CHECK(world.has_waiting_hints());
  CHECK(world.changes().empty());
  CHECK(world->state().kind == WatchState::Kind::Ok);
  world.append("a/x.c");
  CHECK(world.changes() == "*a/x.c");

  std::filesystem::remove_all(world.root());
  CHECK(world.has_waiting_hints());
  (void)world->sync(now());
  CHECK(world->state().kind == WatchState::Kind::Failed);
  world.write("b.c");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes() == "-a/x.c +b.c");
  world.append("b.c");
  CHECK(world.changes() == "*b.c");
}
