// SPDX-License-Identifier: MIT
#include "watch/watcher.h"

#include <fcntl.h>
#include <unistd.h>

#include "watch/lossy_source.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::LossySource;
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

TEST_CASE("what went and came back the same is no change") {
  World world;
  world.write("dir/a.c");
  auto& watcher = world.watch();
  world.move("dir", "other");
  world.move("other", "dir");
  CHECK(world.changes().empty());
  world.write("new");
  world.remove("new");
  CHECK(world.changes().empty());
  CHECK(watcher.clock() == 1);
}

TEST_CASE("a file in a directory that was made a moment ago is never lost") {
  World world;
  auto& watcher = world.watch();
  const int rounds = test::rounds(250, 10'000);
  for (int i = 0; i < rounds; ++i) {
    const auto file = "p" + std::to_string(i) + "/d0/d1/d2/d3/f.c";
    world.write(file);
    REQUIRE(world.changes() == "+" + file);
  }
  CHECK(watcher.counters().directories == static_cast<std::size_t>(rounds) * 5 + 1);
}

TEST_CASE("a directory that is moved takes its watches and files with it") {
  World world;
  world.write("a/x.c");
  world.write("a/deep/y.c");
  world.write("b/z.c");
  auto& watcher = world.watch();

  SECTION("within the tree") {
    world.move("a", "b/a");
    CHECK(world.changes() == "-a/deep/y.c -a/x.c +b/a/deep/y.c +b/a/x.c");
    world.append("b/a/deep/y.c");
    CHECK(world.changes() == "*b/a/deep/y.c");
  }
  SECTION("out of it: what happens there is nothing to us") {
    std::filesystem::rename(world / "a", world.outside() / "a");
    CHECK(world.changes() == "-a/deep/y.c -a/x.c");
    std::ofstream(world.outside() / "a/x.c") << "ghost";
    CHECK_FALSE(world.has_waiting_hints());
    CHECK(watcher.counters().watches == 2);
  }
  SECTION("into it") {
    std::filesystem::create_directories(world.outside() / "n/m");
    std::ofstream(world.outside() / "n/m/f.c") << "x";
    std::filesystem::rename(world.outside() / "n", world / "n");
    CHECK(world.changes() == "+n/m/f.c");
    world.append("n/m/f.c");
    CHECK(world.changes() == "*n/m/f.c");
  }
  SECTION("in exchange for another") {
    REQUIRE(::renameat2(AT_FDCWD, (world / "a").c_str(), AT_FDCWD, (world / "b").c_str(),
                        RENAME_EXCHANGE) == 0);
    CHECK(world.changes() == "-a/deep/y.c -a/x.c +a/z.c +b/deep/y.c +b/x.c -b/z.c");
    world.append("b/deep/y.c");
    CHECK(world.changes() == "*b/deep/y.c");
  }
  SECTION("in exchange for another that has the same names in it") {
    world.write("b/deep/y.c", "another");
    CHECK(world.changes() == "+b/deep/y.c");
    REQUIRE(::renameat2(AT_FDCWD, (world / "a").c_str(), AT_FDCWD, (world / "b").c_str(),
                        RENAME_EXCHANGE) == 0);
    CHECK(world.changes() == "*a/deep/y.c -a/x.c +a/z.c *b/deep/y.c +b/x.c -b/z.c");
    world.append("b/deep/y.c");
    CHECK(world.changes() == "*b/deep/y.c");
  }
  SECTION("in a ring, while nobody looked") {
    world.move("a", "t");
    world.move("t/deep", "a");
    world.move("b", "a/b");
    CHECK(world.changes() == "+a/b/z.c -a/deep/y.c -a/x.c +a/y.c -b/z.c +t/x.c");
    CHECK(world.is_converged());
  }
  CHECK(watcher.counters().watches == watcher.counters().directories);
}

TEST_CASE("directories that come and go leave no watch behind") {
  World world;
  auto& watcher = world.watch();
  for (int i = 0; i < test::rounds(100, 100'000); ++i) {
    world.make("a/b/c/d");
    if (i % 3 == 0) CHECK(world.changes().empty());
    world.remove("a");
  }
  CHECK(world.changes().empty());
  CHECK(watcher.counters().directories == 1);
  CHECK(watcher.counters().watches == 1);
}

TEST_CASE("an overflow costs a comparison, never a change") {
  World world(World::options_for({"src/**"}));
  world.write("src/old/a.c");
  world.write("src/gone.c");
  auto owned = std::make_unique<LossySource>();
  auto& source = *owned;
  auto& watcher = world.watch_with(std::move(owned));

  source.lose_next();
  world.write("noise");
  world.append("src/old/a.c");
  world.remove("src/gone.c");
  world.write("src/born/b.c");
  world.move("src/old", "src/moved");
  const auto batch = watcher.sync(now());
  CHECK(batch.overflowed);
  CHECK(batch.rescanned);
  CHECK(World::text_of(batch) == "+src/born/b.c -src/gone.c +src/moved/a.c -src/old/a.c");
  CHECK(watcher.counters().overflows == 1);

  // The watches that were lost with the hints are there again.
  world.append("src/born/b.c");
  world.append("src/moved/a.c");
  CHECK(world.changes() == "*src/born/b.c *src/moved/a.c");
}

TEST_CASE("the kernel's own overflow is noticed") {
  World world(World::options_for({"src/**"}));
  world.write("src/a.c");
  auto& watcher = world.watch();
  // Fewer than the default queue would not overflow; two alternating names are never merged.
  std::size_t queue = 16384;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  const auto one = world.write("src/noise1");
  const auto two = world.write("src/noise2");
  for (std::size_t i = 0; i <= queue / 2; ++i) {
    REQUIRE(::truncate(one.c_str(), static_cast<off_t>(i)) == 0);
    REQUIRE(::truncate(two.c_str(), static_cast<off_t>(i)) == 0);
  }
  world.append("src/a.c");
  world.write("src/new/b.c");
  const auto batch = watcher.sync(now());
  CHECK(batch.overflowed);
  CHECK(World::text_of(batch) == "*src/a.c +src/new/b.c +src/noise1 +src/noise2");
  world.append("src/new/b.c");
  CHECK(world.changes() == "*src/new/b.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
}

TEST_CASE("a storm of overflows is met with patience, but sync does not wait") {
  World world;
  auto owned = std::make_unique<LossySource>();
  auto& source = *owned;
  auto& watcher = world.watch_with(std::move(owned));
  auto time = now();
  for (int i = 0; i < 8; ++i) {
    source.lose_next();
    world.append("a.c");
    time += Milliseconds(10);
    (void)watcher.apply(time);
  }
  CHECK(watcher.state().kind == WatchState::Kind::Rescanning);
  REQUIRE(watcher.deadline());
  CHECK(*watcher.deadline() > time);
  CHECK(watcher.counters().rescans < 8);
  CHECK(World::text_of(watcher.sync(time)) == "*a.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
}

TEST_CASE("links are files: those to directories are not followed, loops do no harm") {
  World world;
  world.write("real/a.c");
  std::filesystem::create_directory_symlink("..", world / "real/loop");
  std::ofstream(world.outside() / "b.c") << "x";
  std::filesystem::create_directory_symlink(world.outside(), world / "elsewhere");
  std::filesystem::create_symlink("nowhere", world / "dangling");
  auto& watcher = world.watch();
  CHECK(watcher.counters().directories == 2);
  CHECK(watcher.file_count(0) == 4);
  world.remove("dangling");
  std::filesystem::create_symlink("real/a.c", world / "dangling");
  CHECK(world.changes() == "*dangling");
  world.remove("elsewhere");
  world.write("elsewhere/now/b.c");
  CHECK(world.changes() == "-elsewhere +elsewhere/now/b.c");
}

TEST_CASE("any name that a file can have is a name") {
  World world;
  auto& watcher = world.watch();
  const std::string longest(255, 'n');
  for (const auto& name : {std::string("\xff\xfe"), std::string("a\nb"), std::string("-rf"),
                           std::string("$(x) `y`"), std::string("{a,b}*[c]\\"), longest}) {
    world.write(name);
    CHECK(world.changes() == "+" + name);
    world.append(name);
    CHECK(world.changes() == "*" + name);
  }
  world.move(longest, "short");
  CHECK(watcher.file_count(0) == 6);
  std::string deep;
  for (int i = 0; i < 15; ++i) deep += longest + "/";
  world.make(deep.substr(0, deep.size() - 1));
  world.write(deep + "f");
  CHECK(world.changes().find(deep + "f") != std::string::npos);
  CHECK(world.is_converged());
}

TEST_CASE("each target gets what it watches, and each its own sum") {
  Options options;
  options.targets = {{.name = "c", .watch_paths = {"**/*.c"}},
                     {.name = "lib", .watch_paths = {"lib"}},
                     {.name = "none", .watch_paths = {}}};
  World world(options);
  world.write("lib/a.c");
  auto& watcher = world.watch();
  const auto before = watcher.fingerprint(0);
  CHECK(watcher.file_count(1) == 1);
  CHECK(watcher.file_count(2) == 0);

  world.write("lib/a.h");
  world.append("lib/a.c");
  const auto batch = watcher.sync(now());
  REQUIRE(batch.changes.size() == 2);
  CHECK(batch.changes[0].targets.indexes() == std::vector<std::size_t>{0, 1});
  CHECK(batch.changes[1].targets.indexes() == std::vector<std::size_t>{1});
  CHECK(watcher.fingerprint(0) != before);
  CHECK(world.is_converged(0));
  CHECK(world.is_converged(1));
  CHECK(watcher.fingerprint(2) == Fingerprint());
}

TEST_CASE("directories that no target can want are not watched") {
  World world(World::options_for({"src/**/*.c", "lib/*.h"}));
  world.write("src/a/b/x.c");
  world.write("lib/deeper/y.h");
  world.write("docs/a/b/z.md");
  world.write(".hidden/x.c");
  auto& watcher = world.watch();
  CHECK(watcher.counters().directories == 5);  // root, src, src/a, src/a/b, lib
  world.write("docs/a/b/more.md");
  CHECK_FALSE(world.has_waiting_hints());
}

TEST_CASE("the root that is taken away is a failure, and its return a difference") {
  World world;
  world.write("a.c");
  world.write("sub/b.c");
  auto& watcher = world.watch();
  const auto fingerprint = watcher.fingerprint(0);
  auto time = now();

  SECTION("removed") {
    std::filesystem::remove_all(world.root());
  }
  SECTION("moved away") {
    std::filesystem::rename(world.root(), world.outside() / "root");
  }
  SECTION("replaced by a file") {
    std::filesystem::remove_all(world.root());
    std::ofstream(world.root()) << "x";
  }
  CHECK(watcher.apply(time).changes.empty());
  CHECK(watcher.state().kind == WatchState::Kind::Failed);
  CHECK(watcher.state().reason.find(world.root().string()) != std::string::npos);
  CHECK(watcher.fingerprint(0) == fingerprint);
  REQUIRE(watcher.deadline());

  std::filesystem::remove_all(world.root());
  world.write("a.c", "other");
  CHECK(world.has_waiting_hints());
  const auto batch = watcher.apply(time + Seconds(1));
  CHECK(World::text_of(batch) == "*a.c -sub/b.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK_FALSE(watcher.deadline());
  world.append("a.c");
  CHECK(world.changes() == "*a.c");
}

TEST_CASE("nothing in the tree is held open") {
  World world;
  world.write("a/b/c.c");
  const auto is_held_open = [&] {
    for (const auto& fd : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const auto target = std::filesystem::read_symlink(fd.path(), gone).string();
      if (target.starts_with(world.root().string())) return true;
    }
    return false;
  };
  world.watch();
  CHECK_FALSE(is_held_open());
  world.write("d/e.c");
  CHECK(world.changes() == "+d/e.c");
  CHECK_FALSE(is_held_open());
}

TEST_CASE("a root that somebody stands in is replaced") {
  World world;
  auto& watcher = world.watch();
  // While a directory is open, the kernel does not report to its watches that it was deleted.
  const UniqueFd held(::open(world.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(held);
  std::filesystem::remove(world.root());
  REQUIRE(world.has_waiting_hints());
  CHECK(watcher.apply(now()).changes.empty());
  CHECK(watcher.state().kind == WatchState::Kind::Failed);

  world.write("a.c");
  REQUIRE(world.has_waiting_hints());
  CHECK(World::text_of(watcher.apply(now() + Seconds(1))) == "+a.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  world.append("a.c");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes() == "*a.c");
}

TEST_CASE("what else comes and goes beside the root wakes nobody, or for nothing") {
  World world;
  auto& watcher = world.watch();
  const auto beside = world.root().parent_path() / "beside";
  std::ofstream(beside) << "x";
  CHECK_FALSE(world.has_waiting_hints());
  std::filesystem::remove(beside);
  CHECK(watcher.apply(now()).changes.empty());
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
}

TEST_CASE("a root that was replaced while nobody looked is compared as a whole") {
  World world;
  world.write("a.c");
  world.watch();
  // Some file systems give the next directory the inode number of the last, not every time.
  for (int i = 0; i < test::rounds(20, 500); ++i) {
    std::filesystem::remove_all(world.root());
    world.write("a.c", "another file " + std::to_string(i));
    REQUIRE(world.changes() == "*a.c");
    world.append("a.c");
    REQUIRE(world.changes() == "*a.c");
  }
}

TEST_CASE("a root that is not there yet is waited for") {
  World world;
  std::filesystem::remove_all(world.root());
  auto& watcher = world.watch();
  CHECK(watcher.state().kind == WatchState::Kind::Failed);
  world.write("a.c");
  CHECK(world.changes() == "+a.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
}

TEST_CASE("directories without a watch are read in turn, and the reason says what to do") {
  World world;
  world.write("a/one.c");
  world.write("b/two.c");
  auto owned = std::make_unique<LossySource>();
  auto& source = *owned;
  source.allow(3);  // for the directory above the root, the root and one more
  auto& watcher = world.watch_with(std::move(owned));
  CHECK(watcher.file_count(0) == 2);
  CHECK(watcher.counters().polled == 1);
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK(watcher.state().reason.find("sysctl fs.inotify.max_user_watches=") != std::string::npos);

  world.append("a/one.c");
  world.append("b/two.c");
  REQUIRE(watcher.deadline());
  CHECK(World::text_of(watcher.apply(*watcher.deadline())) == "*a/one.c *b/two.c");
  world.append("a/one.c");
  world.append("b/two.c");
  CHECK(world.changes() == "*a/one.c *b/two.c");  // sync does not wait for its turn

  source.allow(100);
  CHECK(watcher.apply(*watcher.deadline()).changes.empty());
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK(watcher.counters().watches == 3);
  CHECK_FALSE(watcher.deadline());
}

TEST_CASE("a directory that may not be read is named, and the rest is watched") {
  World world;
  world.write("open/a.c");
  world.write("closed/b.c");
  auto owned = std::make_unique<LossySource>();
  auto& source = *owned;
  source.deny(world / "closed");
  auto& watcher = world.watch_with(std::move(owned));
  CHECK(watcher.file_count(0) == 1);
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK(watcher.state().reason.find("closed") != std::string::npos);

  source.deny({});
  REQUIRE(::chmod((world / "closed").c_str(), 0700) == 0);
  CHECK(world.changes() == "+closed/b.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
}

TEST_CASE("the last hints are kept, with their paths") {
  World world;
  auto& watcher = world.watch();
  for (int i = 0; i < 300; ++i) world.write("f" + std::to_string(i));
  (void)watcher.sync(now());
  const auto hints = watcher.past_hints();
  REQUIRE(hints.size() == 256);
  CHECK(hints.back().path == "f299");
  CHECK(watcher.counters().hints >= 300);
}

TEST_CASE("a batch knows when the first hint that may have led to it was taken in") {
  World world;
  world.write("a.c");
  auto& watcher = world.watch();
  world.append("a.c");
  const auto first = now();
  CHECK(watcher.apply(first).hinted == first);
  CHECK_FALSE(watcher.apply(now()).hinted);  // that one is told
  world.append("a.c");
  const auto second = now();
  CHECK(watcher.sync(second).hinted == second);
}

TEST_CASE("what had to wait for its time was noticed when its hint came") {
  World world;
  world.write("a.log");
  world.write(".gitignore", "*.log\n");
  std::filesystem::create_directory(world / ".git");
  auto& watcher = world.watch();
  // It is gone for a moment, as while an editor replaces it.
  world.remove(".gitignore");
  const auto gone = now();
  const auto batch = watcher.apply(gone);
  REQUIRE(World::text_of(batch).find("a.log") == std::string::npos);
  REQUIRE(watcher.deadline());
  const auto later = watcher.apply(*watcher.deadline());
  CHECK(World::text_of(later).find("+a.log") != std::string::npos);
  CHECK(later.hinted == gone);
}
