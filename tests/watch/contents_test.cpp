// SPDX-License-Identifier: MIT
// Files that are written with the bytes that they had, and files that come back to what they said.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/unique_fd.h"
#include "watch/change_set.h"
#include "watch/timestamps.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;
namespace fs = std::filesystem;

namespace {

void touch(const fs::path& file) {
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0);
}

void replace(const World& world, const std::string& name, const std::string& text) {
  const auto made = world.outside() / "new";
  std::ofstream(made) << text;
  fs::rename(made, world / name);
}

// Until it has read what there is to read.
void learn(World& world) {
  auto at = now();
  while (const auto due = world->deadline()) {
    at = std::max(at, *due);
    REQUIRE(world->apply(at).changes.empty());
  }
}

std::string restored_after(World& world) {
  const auto batch = world->sync(now());
  std::string text = World::text_of(batch);
  batch.restored.for_each(
      [&](std::size_t target) { text += " restored:" + std::to_string(target); });
  return text;
}

}  // namespace

TEST_CASE("a file that is written with the bytes that it had is told as such") {
  World world;
  world.write("a.c", "text");
  fs::create_symlink("a.c", world / "link");
  world.watch();
  for (int i = 0; i < test::rounds(50, 1'000); ++i) {
    touch(world / "a.c");
    REQUIRE(world.changes() == "=a.c");
    world.write("a.c", "text");
    REQUIRE(world.changes() == "=a.c");
    replace(world, "a.c", "text");
    REQUIRE(world.changes() == "=a.c");
    world.remove("a.c");
    world.write("a.c", "text");
    REQUIRE(world.changes() == "=a.c");
    world.write("a.c", "else");
    world.write("a.c", "text");
    REQUIRE(world.changes() == "=a.c");
  }
  REQUIRE(::chmod((world / "a.c").c_str(), 0640) == 0);
  CHECK(world.changes() == "=a.c");
  world.remove("link");
  fs::create_symlink("a.c", world / "link");
  CHECK(world.changes() == "=link");
  CHECK(world.is_converged());
}

TEST_CASE("one that was edited, made executable or pointed elsewhere is not") {
  World world;
  world.write("a.c", "text");
  fs::create_symlink("a.c", world / "link");
  world.watch();
  world.write("a.c", "next");
  CHECK(world.changes() == "*a.c");
  world.append("a.c", "");
  CHECK(world.changes() == "");
  REQUIRE(::chmod((world / "a.c").c_str(), 0755) == 0);
  CHECK(world.changes() == "*a.c");
  world.remove("link");
  fs::create_symlink("b.c", world / "link");
  CHECK(world.changes() == "*link");
  world.remove("link");
  world.write("link", "a.c");
  CHECK(world.changes() == "*link");
  world.remove("a.c");
  CHECK(world.changes() == "-a.c");
  world.write("a.c", "next");
  CHECK(world.changes() == "+a.c");
}

TEST_CASE("what another file says by now is not taken for what this one said") {
  const World world;
  for (const bool is_link : {false, true}) {
    const auto place = world / (is_link ? "link" : "file");
    const auto make = [&](const std::string& text) {
      fs::remove(place);
      if (is_link) {
        fs::create_symlink(text, place);
      } else {
        std::ofstream(place) << text;
      }
      struct stat status {};
      REQUIRE(::lstat(place.c_str(), &status) == 0);
      return Stamp::of(status);
    };
    const auto first = make("v1");
    CHECK(is_known(content_of(place, first)));
    const auto second = make("v2");
    CHECK_FALSE(is_known(content_of(place, first)));
    CHECK(is_known(content_of(place, second)));
  }
}

TEST_CASE("files of up to one MiB are compared") {
  World world;
  world.write("limit", std::string(kLargestContent, 'x'));
  world.write("beyond", std::string(kLargestContent + 1, 'x'));
  world.watch();
  touch(world / "limit");
  touch(world / "beyond");
  CHECK(world.changes() == "*beyond =limit");
}

TEST_CASE("where touching is to build, all that was written counts") {
  auto options = World::options_for({"**"});
  options.touch_builds = true;
  World world(options);
  world.write("a.c", "text");
  world.watch();
  CHECK_FALSE(world->deadline());
  world->begin_build(0);
  touch(world / "a.c");
  CHECK(restored_after(world) == "*a.c");

  options.touch_builds = false;
  REQUIRE(world->configure(options, now()));
  world.write("a.c", "text");
  CHECK(world.changes() == "*a.c");  // what it said before was not known
  world.write("a.c", "text");
  CHECK(world.changes() == "=a.c");
}

TEST_CASE("a large tree is read little by little, and changes of many files are not compared") {
  World world;
  constexpr int kFiles = 1000;
  for (int i = 0; i < kFiles; ++i)
    world.write("d" + std::to_string(i % 10) + "/" + std::to_string(i));
  world.watch();
  REQUIRE(world->deadline());
  learn(world);
  for (int i = 0; i < kFiles; ++i)
    touch(world / ("d" + std::to_string(i % 10) + "/" + std::to_string(i)));
  const auto batch = world->sync(now());
  CHECK(batch.changes.size() == kFiles);
  const auto rewritten =
      std::count_if(batch.changes.begin(), batch.changes.end(),
                    [](const Change& change) { return change.kind == Change::Kind::Rewritten; });
  CHECK(rewritten == 0);
  learn(world);
  touch(world / "d7/77");
  CHECK(world.changes() == "=d7/77");
}

TEST_CASE("what all say again what they said when the build began is restored") {
  World world;
  world.write("a.c", "one");
  world.write("b.c", "two");
  world.watch();
  world->begin_build(0);
  world.write("a.c", "three");
  CHECK(restored_after(world) == "*a.c");
  world.remove("b.c");
  CHECK(restored_after(world) == "-b.c");
  world.write("new.c");
  CHECK(restored_after(world) == "+new.c");
  world.write("a.c", "one");
  CHECK(restored_after(world) == "*a.c");
  world.remove("new.c");
  CHECK(restored_after(world) == "-new.c");
  world.write("b.c", "two");
  CHECK(restored_after(world) == "+b.c restored:0");
  touch(world / "a.c");
  CHECK(restored_after(world) == "=a.c restored:0");

  world.write("a.c", "three");
  CHECK(restored_after(world) == "*a.c");
  world->begin_build(0);
  world.write("a.c", "one");
  CHECK(restored_after(world) == "*a.c");
  world.write("a.c", "three");
  CHECK(restored_after(world) == "*a.c restored:0");
}

TEST_CASE("whether too many or unreadable files are restored cannot be told until the next build") {
  World world;
  world.write("a.c", "one");
  world.write("large", std::string(kLargestContent + 1, 'x'));
  world.watch();
  world->begin_build(0);
  world.append("large");
  CHECK(restored_after(world) == "*large");
  world.write("a.c", "two");
  (void)world.changes();
  world.write("a.c", "one");
  CHECK(restored_after(world) == "*a.c");
  world->begin_build(0);
  world.write("a.c", "two");
  (void)world.changes();
  world.write("a.c", "one");
  CHECK(restored_after(world) == "*a.c restored:0");

  for (std::size_t i = 0; i <= ChangeSet::kMost; ++i) world.write("new/" + std::to_string(i));
  (void)world.changes();
  world.remove("new");
  CHECK(restored_after(world).find("restored") == std::string::npos);
}

TEST_CASE("each target has its own, also when others come and go") {
  auto options = World::options_for({"a/**"});
  options.targets.push_back({.name = "other", .watch_paths = {"**"}, .outputs = {}});
  World world(options);
  world.write("a/a.c", "one");
  world.watch();
  world->begin_build(1);
  world.write("a/a.c", "two");
  (void)world.changes();
  world->begin_build(0);
  world.write("a/a.c", "one");
  CHECK(restored_after(world) == "*a/a.c restored:1");
  std::swap(options.targets[0], options.targets[1]);
  REQUIRE(world->configure(options, now()));
  world.write("a/a.c", "two");
  CHECK(restored_after(world) == "*a/a.c restored:1");
}

TEST_CASE("the times of files are as fine as the kernel and the file system make them") {
  CHECK(timestamp_grain(EXT4_SUPER_MAGIC, "6.13.0-arch1") == Duration::zero());
  CHECK(timestamp_grain(TMPFS_MAGIC, "7.0") == Duration::zero());
  CHECK(timestamp_grain(BTRFS_SUPER_MAGIC, "6.12.99") == Milliseconds(100));
  CHECK(timestamp_grain(EXT4_SUPER_MAGIC, "5.10.0-32-amd64") == Milliseconds(100));
  CHECK(timestamp_grain(EXT4_SUPER_MAGIC, "nonsense") == Milliseconds(100));
  CHECK(timestamp_grain(NFS_SUPER_MAGIC, "6.18") == Seconds(2));
}
