// SPDX-License-Identifier: MIT
// A source that cannot be had, that fails, and that comes back.
#include "watch/fallback_source.h"

#include <random>

#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;

namespace {

constexpr Milliseconds kInterval{500};

// Whether there is inotify to be had, and whether what is there works.
struct Fate {
  bool available = true;
  bool broken = false;
  int opened = 0;
};

class MortalSource final : public ChangeSource {
 public:
  explicit MortalSource(const Fate& fate) : fate_(fate), inner_(*InotifySource::create()) {}

  [[nodiscard]] int fd() const override { return inner_->fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return "mortal"; }
  [[nodiscard]] Result<void> sync() override { return inner_->sync(); }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override {
    return inner_->add(directory, interest);
  }
  void remove(WatchToken token) override { inner_->remove(token); }
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override {
    if (fate_.broken) return fail(Errc::Io, "the source broke");
    return inner_->read(hints, now);
  }

 private:
  const Fate& fate_;
  std::unique_ptr<InotifySource> inner_;
};

std::unique_ptr<FallbackSource> source_of(Fate& fate) {
  const auto open = [&fate]() -> Result<std::unique_ptr<ChangeSource>> {
    if (!fate.available) return fail(Errc::Unavailable, "there is none; raise it");
    ++fate.opened;
    fate.broken = false;
    return std::make_unique<MortalSource>(fate);
  };
  return std::make_unique<FallbackSource>(open, open(), kInterval);
}

}  // namespace

TEST_CASE("what cannot be had is stood in for by polling, and taken when it can be") {
  World world;
  world.write("a/x.c");
  Fate fate{.available = false};
  auto& watcher = world.watch_with(source_of(fate));
  CHECK(watcher.backend() == "poll");
  CHECK(watcher.fd() == -1);
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK(watcher.state().reason.find("there is none; raise it; until then") == 0);
  world.append("a/x.c");
  CHECK(World::text_of(watcher.apply(*watcher.deadline() + kInterval)) == "*a/x.c");

  fate.available = true;
  world.append("a/x.c");
  CHECK(World::text_of(watcher.apply(*watcher.deadline() + Seconds(10))) == "*a/x.c");
  CHECK(watcher.backend() == "mortal");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK(watcher.counters().watches == 2);
  CHECK_FALSE(watcher.deadline());
  world.write("a/y.c");
  CHECK(world.has_waiting_hints());
  CHECK(world.changes() == "+a/y.c");
}

TEST_CASE("a source that fails loses nothing, and is tried again with patience") {
  World world;
  world.write("a/x.c");
  Fate fate;
  auto& watcher = world.watch_with(source_of(fate));
  CHECK(watcher.state().kind == WatchState::Kind::Ok);

  const auto start = now();
  world.append("a/x.c");
  fate.broken = true;
  fate.available = false;
  CHECK(World::text_of(watcher.apply(start)) == "*a/x.c");
  CHECK(watcher.state().kind == WatchState::Kind::Degraded);
  CHECK(watcher.state().reason.find("the source broke") == 0);
  REQUIRE(watcher.deadline());
  CHECK(*watcher.deadline() <= start + Milliseconds(100));

  auto time = start;
  for (int tries = 0; tries < 40; ++tries) {
    time = *watcher.deadline();
    (void)watcher.apply(time);
  }
  CHECK(watcher.state().reason.find("there is none; raise it") == 0);
  CHECK(time > start + Seconds(4));  // it does not ask as fast as it can
  fate.available = true;
  world.append("a/x.c");
  CHECK(World::text_of(watcher.apply(time + Seconds(5))) == "*a/x.c");
  CHECK(watcher.backend() == "mortal");
  CHECK(fate.opened == 2);
}

TEST_CASE("the root is found again though its source failed while it was gone") {
  World world;
  world.write("a/x.c");
  Fate fate;
  auto& watcher = world.watch_with(source_of(fate));
  std::filesystem::rename(world.root(), world.outside() / "away");
  CHECK(world.changes().empty());
  CHECK(watcher.state().kind == WatchState::Kind::Failed);
  fate.broken = true;
  (void)watcher.apply(now());
  std::filesystem::rename(world.outside() / "away", world.root());
  world.write("b.c");
  CHECK(World::text_of(watcher.apply(now() + Seconds(10))) == "+b.c");
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  world.append("a/x.c");
  CHECK(world.has_waiting_hints());
}

TEST_CASE("whenever a source fails and comes back, the snapshot is what a fresh look finds") {
  World world;
  std::mt19937 random(1);
  const auto directory = [&] { return std::string(1, static_cast<char>('a' + random() % 4)); };
  for (int i = 0; i < 4; ++i) world.write(std::string(1, static_cast<char>('a' + i)) + "/f");
  Fate fate;
  auto& watcher = world.watch_with(source_of(fate));
  auto time = now();
  for (int i = 0; i < test::rounds(300, 10'000); ++i) {
    for (auto steps = random() % 8; steps > 0; --steps) {
      const auto name = directory() + "/" + directory();
      switch (random() % 8) {
        case 0:
          fate.broken = true;
          break;
        case 1:
          fate.available = !fate.available;
          break;
        case 2:
          world.remove(directory());
          break;
        case 3:
          (void)watcher.apply(time += Milliseconds(random() % 6000));
          break;
        default:
          world.write(name + "/f", std::to_string(i));
          break;
      }
    }
    (void)watcher.sync(time += Milliseconds(random() % 200));
    INFO("round " << i);
    REQUIRE(world.is_converged());
  }
  fate.available = true;
  for (int i = 0; i < 3; ++i) (void)watcher.apply(time += Seconds(6));
  CHECK(watcher.state().kind == WatchState::Kind::Ok);
  CHECK(watcher.counters().watches == watcher.counters().directories);
}
