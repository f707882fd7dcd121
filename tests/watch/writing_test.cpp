// SPDX-License-Identifier: MIT
// Files that somebody is writing: nothing is built from half of them, and nobody waits for long.
#include <fcntl.h>
#include <unistd.h>

#include "sys/unique_fd.h"
#include "watch/fanotify_source.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;
namespace fs = std::filesystem;

namespace {

UniqueFd open_to_write(const fs::path& file, int flags = O_CREAT | O_TRUNC) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644));
  REQUIRE(fd);
  return fd;
}

void put(const UniqueFd& file, std::string_view text) {
  REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::string applied(World& world, Instant at) {
  return World::text_of(world->apply(at));
}

}  // namespace

TEST_CASE("a file is looked at when its writer has closed it") {
  World world;
  world.write("a.c", "first");
  world.watch();
  for (int i = 0; i < test::rounds(20, 1'000); ++i) {
    auto file = open_to_write(world / "a.c");
    REQUIRE(applied(world, now()).empty());
    put(file, "half");
    REQUIRE(applied(world, now()).empty());
    put(file, " and the rest " + std::to_string(i));
    REQUIRE(applied(world, now()).empty());
    file.reset();
    REQUIRE(applied(world, now()) == "*a.c");
    REQUIRE_FALSE(world->deadline());
  }
  auto made = open_to_write(world / "new.c");
  CHECK(applied(world, now()).empty());
  put(made, "text");
  CHECK(applied(world, now()).empty());
  made.reset();
  CHECK(applied(world, now()) == "+new.c");
}

TEST_CASE("one that stays open is looked at after half a second, again and again") {
  World world;
  world.write("log", "first");
  world.watch();
  const auto file = open_to_write(world / "log", O_APPEND);
  auto at = now();
  for (int i = 0; i < 3; ++i) {
    put(file, "line\n");
    CHECK(applied(world, at).empty());
    REQUIRE(world->deadline() == at + Milliseconds(500));
    CHECK(applied(world, at + Milliseconds(499)).empty());
    put(file, "another\n");
    CHECK(applied(world, at + Milliseconds(500)) == "*log");
    CHECK_FALSE(world->deadline());
    at += Seconds(1);
  }
}

TEST_CASE("whoever asks is told of what is half written, too") {
  World world;
  world.write("a.c", "first");
  world.watch();
  auto file = open_to_write(world / "a.c");
  put(file, "half");
  CHECK(world.changes() == "*a.c");
  CHECK_FALSE(world->deadline());
  file.reset();
  CHECK(world.changes().empty());
}

TEST_CASE("what is being written when a build ends is left to its writer, and is a change then") {
  World world;
  world.write("a.c", "first");
  world.write("b.c", "first");
  auto& watcher = world.watch();
  watcher.begin_build(0);
  auto file = open_to_write(world / "a.c");
  put(file, "fi");
  world.append("b.c");
  CHECK(World::text_of(watcher.end_build(now())) == "*b.c");
  REQUIRE(watcher.deadline());
  CHECK(*watcher.deadline() <= now() + Milliseconds(500));
  // The build read half of what it says again now.
  put(file, "rst");
  file.reset();
  const auto batch = watcher.apply(now());
  CHECK(World::text_of(batch) == "*a.c");
  CHECK(batch.restored.empty());
}

TEST_CASE("what is there at once is not waited for: links, renamed files, deleted ones") {
  World world;
  world.write("a.c", "first");
  world.watch();
  REQUIRE(::symlink("a.c", (world / "link").c_str()) == 0);
  CHECK(applied(world, now()) == "+link");
  fs::create_hard_link(world / "a.c", world / "b.c");
  CHECK(applied(world, now()) == "+b.c");
  const auto file = open_to_write(world / "c.c");
  CHECK(applied(world, now()).empty());
  world.move("c.c", "d.c");
  CHECK(applied(world, now()) == "+d.c");
  put(file, "half");
  CHECK(applied(world, now()).empty());
  world.remove("d.c");
  CHECK(applied(world, now()) == "-d.c");
  CHECK_FALSE(world->deadline());
}

TEST_CASE("a file that is deleted and written anew is looked at when it is whole") {
  World world;
  world.write("a.c", "first");
  world.watch();
  world.remove("a.c");
  auto file = open_to_write(world / "a.c");
  put(file, "half");
  CHECK(applied(world, now()).empty());
  put(file, " and half");
  file.reset();
  CHECK(applied(world, now()) == "*a.c");
}

TEST_CASE("nobody waits for files that nobody wants") {
  World world({"*.c"});
  world.write("a.c");
  world.watch();
  const auto file = open_to_write(world / "log");
  put(file, "line\n");
  CHECK(applied(world, now()).empty());
  CHECK_FALSE(world->deadline());
}

TEST_CASE("fanotify tells of writers as well") {
  World world;
  world.write("a.c", "first");
  auto source = FanotifySource::create(world.root());
  if (!source) {
    WARN("SKIPPED: " + source.error().message);
    return;
  }
  world.watch_with(std::move(*source));
  auto file = open_to_write(world / "a.c");
  put(file, "half");
  CHECK(applied(world, now()).empty());
  file.reset();
  CHECK(applied(world, now()) == "*a.c");
}
