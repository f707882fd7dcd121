// SPDX-License-Identifier: MIT
// What nothing tells of is found by comparing all from time to time.
#include <filesystem>

#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;
namespace fs = std::filesystem;

namespace {

constexpr Seconds kInterval{600};

Options audited() {
  auto options = World::options_for({"**"});
  options.audit_interval = kInterval;
  return options;
}

// Hears nothing from when it is told so.
class DeafSource final : public ChangeSource {
 public:
  void go_deaf() { is_deaf_ = true; }

  [[nodiscard]] int fd() const override { return inner_->fd(); }
  [[nodiscard]] std::optional<Instant> deadline() const override { return std::nullopt; }
  [[nodiscard]] std::string_view name() const override { return inner_->name(); }
  [[nodiscard]] Result<void> sync() override { return {}; }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override {
    return inner_->add(directory, interest);
  }
  void remove(WatchToken token) override { inner_->remove(token); }
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override {
    if (is_deaf_) return false;
    return inner_->read(hints, now);
  }

 private:
  std::unique_ptr<ChangeSource> inner_ = std::move(*InotifySource::create());
  bool is_deaf_ = false;
};

// All that one pass tells, and when it was over.
std::string changes_of_a_pass(World& world, Instant& at) {
  std::string told;
  const auto begins = *world->deadline();
  for (at = begins; at < begins + kInterval; at = *world->deadline()) {
    const auto text = World::text_of(world->apply(at));
    if (!text.empty()) told += text + ' ';
  }
  return told;
}

}  // namespace

TEST_CASE("what is written through a link outside of the tree is found by the next audit") {
  World world(audited());
  world.write("a/b/c.c", "first");
  fs::create_hard_link(world / "a/b/c.c", world.outside() / "c.c");
  world.watch();
  auto at = now();
  for (int i = 0; i < test::rounds(20, 1'000); ++i) {
    std::ofstream(world.outside() / "c.c") << i;
    REQUIRE(World::text_of(world->apply(*world->deadline() - Seconds(1))).empty());
    REQUIRE(changes_of_a_pass(world, at) == "*a/b/c.c ");
    REQUIRE(world->counters().unheard == static_cast<std::uint64_t>(i + 1));
  }
  CHECK(changes_of_a_pass(world, at).empty());
  CHECK(world->counters().rescans == 0);
}

TEST_CASE("an audit finds whatever was lost, in parts, and then waits") {
  World world(audited());
  constexpr int kDirectories = 170;
  for (int i = 0; i < kDirectories; ++i) world.write("d" + std::to_string(i) + "/f");
  auto source = std::make_unique<DeafSource>();
  auto& deaf = *source;
  world.watch_with(std::move(source));
  const auto due = *world->deadline();
  world.write("d7/f", "edited");
  world.write("d8/new/deep/f");
  world.remove("d9");
  deaf.go_deaf();
  CHECK(World::text_of(world->apply(due - Milliseconds(1))).empty());
  auto at = due;
  const auto told = changes_of_a_pass(world, at);
  CHECK(told.find("*d7/f") != std::string::npos);
  CHECK(told.find("+d8/new/deep/f") != std::string::npos);
  CHECK(told.find("-d9/f") != std::string::npos);
  CHECK(world->counters().unheard == 3);
  CHECK(world.is_converged());
  CHECK(changes_of_a_pass(world, at).empty());
}

TEST_CASE("what is found a moment before it is told is no complaint") {
  World world(audited());
  world.write("a.c", "first");
  world.watch();
  const auto due = *world->deadline();
  world.write("a.c", "second");
  CHECK(World::text_of(world->apply(due)) == "*a.c");
  CHECK(world->counters().unheard == 0);
}

TEST_CASE("who compares all the time needs no audit") {
  World world(audited());
  world.write("a.c");
  world.watch_with(std::make_unique<PollSource>(Milliseconds(1000)));
  auto at = now();
  for (int i = 0; i < 5; ++i) {
    at = *world->deadline();
    CHECK(at < now() + kInterval);
    (void)world->apply(at);
  }
}

TEST_CASE("an audit leaves the watches of other repositories as they are") {
  World world(audited());
  world.write("nested/.git/HEAD");
  world.write("nested/a.c");
  world.write("b.c");
  world.watch();
  REQUIRE(world->counters().boundaries == 1);
  auto at = now();
  for (int i = 0; i < 3; ++i) {
    CHECK(changes_of_a_pass(world, at).empty());
    world.remove("nested/.git");
    REQUIRE(world.changes() == "+nested/a.c");
    world.write("nested/.git/HEAD");
    REQUIRE(world.changes() == "-nested/a.c");
  }
}
