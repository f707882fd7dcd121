// SPDX-License-Identifier: MIT
#include "watch/watcher.h"

#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;

TEST_CASE("what is there at the start is known, and no change") {
  World world;
  world.write("a.c");
  world.write("sub/b.c");
  auto& watcher = world.watch();
  CHECK(watcher.clock() == 1);
  CHECK(watcher.file_count(0) == 2);
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK(world.changes().empty());
  CHECK(watcher.clock() == 1);
  CHECK_FALSE(watcher.deadline());
}

TEST_CASE("files that come, change and go are changes, and each batch advances the clock") {
  World world;
  world.write("a.c");
  auto& watcher = world.watch();
  world.write("b.c");
  CHECK(world.changes() == "+b.c");
  CHECK(watcher.clock() == 2);
  world.append("a.c");
  CHECK(world.changes() == "*a.c");
  world.remove("a.c");
  world.move("b.c", "c.c");
  CHECK(world.changes() == "-a.c -b.c +c.c");
  CHECK(watcher.clock() == 4);
  CHECK(watcher.file_count(0) == 1);
}

TEST_CASE("apply takes what waits, without waiting itself") {
  World world;
  auto& watcher = world.watch();
  CHECK(watcher.apply(now()).changes.empty());
  world.write("a.c");
  CHECK(world.has_waiting_hints());
  const auto batch = watcher.apply(now());
  CHECK(World::text_of(batch) == "+a.c");
  CHECK(batch.clock == 2);
  CHECK_FALSE(world.has_waiting_hints());
}
