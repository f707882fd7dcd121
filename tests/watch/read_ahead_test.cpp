// SPDX-License-Identifier: MIT
// Many directories are read by two threads: what is found must be what is there.
#include "watch/read_ahead.h"

#include <dirent.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::TempDir;
using test::World;

namespace {

constexpr int kDirectories = 400;  // more than are read by one thread

std::string directory_name(int number) {
  return "d" + std::to_string(number / 40) + "/e" + std::to_string(number % 40);
}

void grow(const World& world, int files, int others = 1) {
  for (int d = 0; d < kDirectories; ++d) {
    for (int f = 0; f < files; ++f) {
      world.write(directory_name(d) + "/f" + std::to_string(f) + ".c");
    }
    for (int f = 0; f < others; ++f) {
      world.write(directory_name(d) + "/f" + std::to_string(f) + ".o");
    }
  }
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

// So many more than are open now.
class FewDescriptors {
 public:
  explicit FewDescriptors(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto few = before_;
    few.rlim_cur = open_descriptors() + more;
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("directories come back in the order in which they were asked for") {
  const TempDir temp;
  constexpr std::size_t kCount = 10 * ReadAhead::kBatch;
  for (std::size_t d = 0; d < kCount; ++d) {
    if (d % 7 != 3) temp.write("d" + std::to_string(d) + "/" + std::to_string(d) + ".c", "x");
  }
  const auto look = GENERATE(ReadAhead::Look::Names, ReadAhead::Look::Files);
  ReadAhead ahead;
  CHECK(ahead.empty());
  std::size_t asked = 0;
  for (std::size_t taken = 0; taken < kCount; ++taken) {
    while (asked < kCount && ahead.has_room()) {
      for (std::size_t i = 0; i < ReadAhead::kBatch; ++i) {
        ahead.add((temp / ("d" + std::to_string(asked++))).string());
      }
      ahead.begin(look);
    }
    REQUIRE_FALSE(ahead.empty());
    const auto& listing = ahead.take();
    CHECK(listing.path == temp / ("d" + std::to_string(taken)));
    CHECK(listing.read.has_value() == (taken % 7 != 3));
    if (!listing.read) {
      CHECK(listing.read.error().code == Errc::NotFound);
      continue;
    }
    REQUIRE(listing.reader.entries().size() == 1);
    const auto& entry = listing.reader.entries().front();
    CHECK(listing.reader.name(entry) == std::to_string(taken) + ".c");
    const auto status = listing.reader.stat_of(entry);
    REQUIRE(status);
    CHECK(status->st_size == 1);
  }
  CHECK(ahead.empty());
}

TEST_CASE("in a large tree all files are found that count, and nothing else is") {
  World world(World::options_for({"**/*.c"}), test::memory_directory());
  // Where most files count they are looked at ahead, where few do they are not.
  const int files = GENERATE(5, 1);
  grow(world, files);
  for (int f = 0; f < 600; ++f) world.write("d0/e0/many/" + std::to_string(f) + ".c");
  world.write(".gitignore", "d1/\n");
  world.write("d2/.gitignore", "e3\n");
  world.write("d4/e5/.gitignore", "f0.c\n");
  world.make("d6/e7/.git");
  world.watch();
  const auto counters = world->counters();
  CHECK(counters.files == static_cast<std::size_t>((kDirectories - 40 - 1 - 1) * files - 1 + 600));
  // The root and d<n>, but d1; those that hold files, but three; and d0/e0/many.
  CHECK(counters.directories == 1 + 9 + (kDirectories - 40 - 1 - 1) + 1);
  CHECK(counters.boundaries == 1);
  world.write(directory_name(kDirectories - 1) + "/f0.c", "other");
  CHECK(world.changes() == "*" + directory_name(kDirectories - 1) + "/f0.c");
  CHECK(world.is_converged());
}

TEST_CASE("a large tree is read whole where few files may be open at once") {
  World world(World::options_for({"**/*.c"}), test::memory_directory());
  grow(world, 2, 6);  // directories stay open until it is known which files count
  const FewDescriptors few(8);
  world.watch();
  CHECK(world->counters().files == 2 * kDirectories);
  CHECK(world->counters().directories == 1 + 10 + kDirectories);
}

TEST_CASE("what is saved while a large tree is read is not lost") {
  for (int round = 0; round < test::rounds(3, 500); ++round) {
    World world(World::options_for({"**/*.c"}), test::memory_directory());
    grow(world, 2);
    std::atomic<int> saves = 0;
    std::atomic<bool> is_watched = false;
    // From before the reading until behind it, all over the tree: in any order of reading some come
    // into directories that were just read.
    std::thread editor([&] {
      for (; !is_watched; ++saves) {
        const auto directory = directory_name(saves * 7919 % kDirectories);
        world.write(directory + "/f1.c", "text " + std::to_string(saves));
        if (saves % 5 == 0) world.write(directory + "/new" + std::to_string(saves) + "/f.c");
      }
    });
    while (saves == 0) std::this_thread::yield();
    world.watch();
    is_watched = true;
    editor.join();
    static_cast<void>(world.changes());
    REQUIRE(world.is_converged());
  }
}
