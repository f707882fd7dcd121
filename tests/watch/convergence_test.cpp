// SPDX-License-Identifier: MIT
// The promise of the whole room: whatever happened, the snapshot is what a fresh look finds, and
// the changes that were told add up to it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <random>
#include <set>

#include "watch/fanotify_source.h"
#include "watch/lossy_source.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::LossySource;
using test::World;

namespace {

namespace fs = std::filesystem;

// Random life in a small tree: few names, so that they collide.
class History {
 public:
  History(const World& world, unsigned seed) : world_(world), random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  void step() {
    std::error_code ignored;
    const auto path = any_path();
    switch (below(30)) {
      case 29:  // another repository
        std::ofstream(path / ".git") << "gitdir: nowhere";
        break;
      case 0:
      case 1:
      case 2:
      case 3:
        fs::create_directories(path, ignored);
        break;
      case 4:
        fs::remove_all(path, ignored);
        break;
      case 5:
      case 6:
        fs::rename(path, any_path(), ignored);
        break;
      case 7:  // exchange
        ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, any_path().c_str(), RENAME_EXCHANGE);
        break;
      case 8:  // out, or in again
        fs::rename(path, elsewhere(), ignored);
        break;
      case 9:
        fs::rename(elsewhere(), path, ignored);
        break;
      case 10:
        fs::create_symlink(below(2) == 0 ? ".." : "a", path, ignored);
        break;
      case 11:
        std::ofstream(path.parent_path() / ".gitignore") << one_of({"b\n", "/a\n", "*\n!a\n", ""});
        break;
      case 12: {  // a move by a link; two links at rest would change without an event
        const auto from = any_path();
        fs::create_hard_link(from, path, ignored);
        if (!ignored) fs::remove(from);
        break;
      }
      case 13:
      case 14:
      case 15:
        fs::create_directories(path / "a" / "b", ignored);
        std::ofstream(path / "a" / "b" / "c") << "deep";
        break;
      default:
        std::ofstream(path, std::ios::app) << "x";
        break;
    }
  }

 private:
  template <std::size_t N>
  std::string one_of(const char* const (&texts)[N]) {
    return texts[below(N)];
  }
  // A name in some directory that is there.
  fs::path any_path() {
    fs::path path = world_.root();
    while (true) {
      path /= one_of({"a", "b", "c", "d", "out"});
      std::error_code ignored;
      if (!fs::is_directory(fs::symlink_status(path, ignored)) || below(4) == 0) return path;
    }
  }
  fs::path elsewhere() { return world_.outside() / one_of({"p", "q"}); }

  const World& world_;
  std::mt19937 random_;
};

// What the told changes add up to.
class Told {
 public:
  explicit Told(std::size_t known = 0) : known_(known) {}
  void add(const Batch& batch) {
    for (const auto& change : batch.changes) {
      INFO(change.path.text());
      switch (change.kind) {
        case Change::Kind::Created:
          CHECK(files_.insert(change.path).second);
          ++known_;
          break;
        case Change::Kind::Deleted:
          files_.erase(change.path);
          --known_;
          break;
        case Change::Kind::Modified:
        case Change::Kind::Rewritten:
          break;
      }
    }
  }
  [[nodiscard]] std::size_t size() const { return known_; }

 private:
  std::size_t known_;
  std::set<RelPath> files_;
};

std::size_t kernel_watches(int fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  std::size_t count = 0;
  for (std::string line; std::getline(info, line);) count += line.starts_with("inotify ") ? 1 : 0;
  return count;
}

Options options() {
  Options options = World::options_for({"**", "!c/d", "out/a"});
  options.targets[0].outputs = {"out"};
  return options;
}

// Each world lives through many histories: closing an inotify instance takes milliseconds.
constexpr int kHistoriesPerWorld = 25;
constexpr std::size_t kAboveRoot = 1;  // the watch on the directory that the root is in

int worlds(int histories) {
  return (test::rounds(histories, 100 * histories) + kHistoriesPerWorld - 1) / kHistoriesPerWorld;
}

}  // namespace

namespace {

using OpenSource = std::function<std::unique_ptr<ChangeSource>(const World&)>;

void live(int histories, const OpenSource& open) {
  for (int seed = 0, end = worlds(histories); seed < end; ++seed) {
    World world(options(), test::memory_directory());
    auto owned = std::make_unique<LossySource>(open(world));
    auto& source = *owned;
    auto& watcher = world.watch_with(std::move(owned));
    History history(world, static_cast<unsigned>(seed));
    Told told;
    for (int round = 0; round < kHistoriesPerWorld; ++round) {
      for (std::size_t i = history.below(16) + 1; i > 0; --i) {
        history.step();
        if (history.below(4) == 0) told.add(watcher.apply(now()));
      }
      if (history.below(4) == 0) source.lose_next();
      told.add(watcher.sync(now()));
      INFO("seed " << seed << ", round " << round);
      REQUIRE(world.is_converged());
      REQUIRE(told.size() == watcher.file_count(0));
      const auto counters = watcher.counters();
      REQUIRE(counters.watches == counters.directories);
      REQUIRE(counters.directories == world.fresh_counters().directories);
      if (watcher.backend() == "inotify") {
        REQUIRE(kernel_watches(watcher.fd()) ==
                counters.watches + counters.boundaries + kAboveRoot);
      }
      REQUIRE(watcher.sync(now()).changes.empty());
    }
  }
}

}  // namespace

TEST_CASE("after any history the snapshot is what a fresh look finds") {
  live(600, [](const World&) { return std::move(*InotifySource::create()); });
}

TEST_CASE("with one mark on the file system, after any history the snapshot is a fresh look's") {
  live(250, [](const World& world) -> std::unique_ptr<ChangeSource> {
    auto source = FanotifySource::create(world.root());
    if (source) return std::move(*source);
    WARN("SKIPPED, inotify instead: " << source.error().message);
    return std::move(*InotifySource::create());
  });
}

TEST_CASE("with too few watches the snapshot is still what a fresh look finds") {
  for (int seed = 0, end = worlds(300); seed < end; ++seed) {
    World world(options(), test::memory_directory());
    auto owned = std::make_unique<LossySource>();
    auto& source = *owned;
    History history(world, static_cast<unsigned>(seed));
    source.allow(history.below(5));
    for (int i = 0; i < 10; ++i) history.step();
    auto& watcher = world.watch_with(std::move(owned));
    Told told(watcher.file_count(0));
    for (int round = 0; round < kHistoriesPerWorld; ++round) {
      source.allow(history.below(6));
      for (std::size_t i = history.below(12) + 1; i > 0; --i) history.step();
      told.add(watcher.sync(now()));
      INFO("seed " << seed << ", round " << round);
      REQUIRE(world.is_converged());
      REQUIRE(told.size() == watcher.file_count(0));
    }
    source.allow(1000);
    (void)watcher.sync(now());
    CHECK(watcher.state().kind == WatchState::Kind::Ok);
    CHECK(watcher.counters().polled == 0);
  }
}
