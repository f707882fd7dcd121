// SPDX-License-Identifier: MIT
#include "watch/tree.h"

#include <malloc.h>

#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "watch/backend.h"
#include "watch/eventless.h"
#include "watch/poll_source.h"
#include "watch/watch_table.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;

namespace {

TargetSet only(std::size_t target) {
  TargetSet set;
  set.insert(target);
  return set;
}

}  // namespace

TEST_CASE("a set of targets holds any number of them") {
  TargetSet set;
  for (const std::size_t target : {0UL, 63UL, 64UL, 200UL}) set.insert(target);
  CHECK(set.indexes() == std::vector<std::size_t>{0, 63, 64, 200});
  CHECK(set.contains(64));
  CHECK_FALSE(set.contains(65));
  CHECK_FALSE(set.contains(9999));
  CHECK(set.without(only(200)).indexes() == std::vector<std::size_t>{0, 63, 64});
  CHECK(only(200).without(set) == TargetSet());
  TargetSet joined = only(1);
  joined |= set;
  CHECK(joined.without(set) == only(1));
  CHECK(only(70).without(only(70)).empty());
}

TEST_CASE("a sum does not depend on the order, and comes back to where it was") {
  const Stamp stamp{.size = 1, .modified = 2, .changed = 3, .inode = 4, .mode = 5};
  const auto a = Fingerprint::of("a", stamp);
  const auto b = Fingerprint::of("b", stamp);
  Fingerprint ab = a;
  ab += b;
  Fingerprint ba = b;
  ba += a;
  CHECK(ab == ba);
  ba -= a;
  CHECK(ba == b);
  ba -= b;
  CHECK(ba == Fingerprint());
  CHECK(a != b);
  CHECK(Fingerprint::from_hex(ab.to_hex()) == ab);
  CHECK_FALSE(Fingerprint::from_hex("abc"));
  CHECK_FALSE(Fingerprint::from_hex(std::string(32, 'g')));

  for (const auto& other :
       {Stamp{9, 2, 3, 4, 5}, Stamp{1, 9, 3, 4, 5}, Stamp{1, 2, 3, 9, 5}, Stamp{1, 2, 3, 4, 9}}) {
    CHECK(Fingerprint::of("a", other) != a);
  }
  CHECK(Fingerprint::of("a", Stamp{1, 2, 9, 4, 5}) == a);
}

TEST_CASE("files are found, changed and removed among many others") {
  Tree tree(2);
  std::mt19937 random(1);
  std::map<std::string, std::uint64_t> model;
  const auto sub = tree.add_directory(tree.root(), "sub", Rules::Access::Full);
  for (int i = 0; i < 200'000; ++i) {
    const auto name = "file" + std::to_string(random() % 3000);
    const auto directory = random() % 2 == 0 ? tree.root() : sub;
    const auto key = tree.at(directory).path.child(name).text();
    const auto file = tree.find(directory, name);
    REQUIRE((file != FileId::None) == model.contains(key));
    const Stamp stamp{.size = random()};
    if (file == FileId::None) {
      REQUIRE(tree.find_or_add(directory, name, stamp, only(0)).is_new);
      model[key] = stamp.size;
    } else if (random() % 3 == 0) {
      tree.remove(file);
      model.erase(key);
    } else {
      REQUIRE(tree.stamp(file).size == model[key]);
      tree.update(file, stamp, only(random() % 2));
      model[key] = stamp.size;
    }
  }
  CHECK(tree.file_count() == model.size());
  CHECK(tree.file_count(0) + tree.file_count(1) == model.size());
  for (auto directory : {tree.root(), sub}) {
    while (tree.at(directory).first_file != FileId::None) {
      tree.remove(tree.at(directory).first_file);
    }
  }
  CHECK(tree.fingerprint(0) == Fingerprint());
  CHECK(tree.fingerprint(1) == Fingerprint());
}

TEST_CASE("a watched file costs at most 150 bytes, its share of the directory included") {
  constexpr std::size_t kDirectories = 2000;
  constexpr std::size_t kFiles = 10;
  const auto before = ::mallinfo2();
  Tree tree(1);
  WatchTable table;
  for (std::size_t d = 0; d < kDirectories; ++d) {
    const auto directory =
        tree.add_directory(tree.root(), "some_directory_" + std::to_string(d), Rules::Access::Full);
    table.add(static_cast<WatchToken>(d), directory);
    for (std::size_t f = 0; f < kFiles; ++f) {
      tree.find_or_add(directory, "source_file_" + std::to_string(f) + ".cpp", Stamp{}, only(0));
    }
  }
  const auto after = ::mallinfo2();
  const auto used = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
  if (used == 0) return;  // a sanitizer's allocator does not count
  CHECK(used / (kDirectories * kFiles) <= 150);
}

TEST_CASE("polling finds the same as the kernel's events") {
  test::World world;
  world.write("a/x.c");
  auto& watcher = world.watch_with(std::make_unique<PollSource>(Milliseconds(500)));
  CHECK(watcher.fd() == -1);
  REQUIRE(watcher.deadline());
  const auto time = *watcher.deadline() - Milliseconds(500);

  world.append("a/x.c");
  world.write("b/y.c");
  CHECK(watcher.apply(time + Milliseconds(499)).changes.empty());
  CHECK(test::World::text_of(watcher.apply(time + Milliseconds(500))) == "*a/x.c +b/y.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK(watcher.counters().overflows == 0);

  world.remove("a");
  world.write(".gitignore", "b/\n");
  CHECK(world.changes() == "-a/x.c -b/y.c");  // sync is one complete scan
  world.write(".gitignore", "");
  CHECK(world.changes() == "+b/y.c");
  std::filesystem::remove_all(world.root());
  CHECK(watcher.sync(time).changes.empty());
  CHECK(watcher.state().kind == WatchState::Kind::Failed);
  world.write("c");
  CHECK(world.changes() == "-b/y.c +c");
}

TEST_CASE("with polling, sync reads the ignore files outside of the tree as well") {
  test::World world;
  world.write("a.log");
  world.options().global_excludes = world.outside() / "ignore";
  auto& watcher = world.watch_with(std::make_unique<PollSource>(Milliseconds(500)));
  (void)watcher.sync(now());  // its interval begins
  std::ofstream(world.outside() / "ignore") << "*.log\n";
  CHECK(world.changes() == "-a.log");
}

TEST_CASE("comparing takes a tenth of the time at most, and a pause ends") {
  const auto began = now();
  const auto after = [&](Milliseconds took) {
    return next_comparison(began, began + took, Milliseconds(2000)) - (began + took);
  };
  CHECK(after(Milliseconds(1)) == Milliseconds(2000));
  CHECK(after(Milliseconds(300)) == Milliseconds(2700));
  CHECK(after(Milliseconds(60'000)) == Seconds(30));
}

TEST_CASE("file systems without events are known by their magic") {
  CHECK(eventless_file_system(0x01021997) == "9p");
  CHECK(eventless_file_system(0x6969) == "NFS");
  CHECK(eventless_file_system(0xEF53).empty());
  CHECK(eventless_file_system_of_type("fuse.sshfs") == "FUSE");
  CHECK(eventless_file_system_of_type("nfs4") == "NFS");
  CHECK(eventless_file_system_of_type("ext4").empty());
  const test::TempDir dir;
  const auto chosen = open_source(dir.path(), Backend::Auto);
  CHECK(chosen.source->name() == "inotify");
  CHECK(chosen.choice.empty());
  CHECK(open_source(dir.path(), Backend::Poll).source->name() == "poll");
}
