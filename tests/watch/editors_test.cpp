// SPDX-License-Identifier: MIT
// Every way in which editors and tools save a file is one change of that file, and of no other.
#include "support/editors.h"

#include "watch/default_exclusions.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::editors;
using test::World;

TEST_CASE("a save is one change of the file that was saved, however it is done") {
  Options options = World::options_for({"src/**"});
  options.default_exclusions = default_exclusions_for(Ecosystem::CMake);
  World world(options);
  world.write("src/a.c", "first");
  world.write("src/b.c");
  world.watch();
  int version = 0;
  for (const auto& editor : editors()) {
    const auto save = [&] {
      ++version;
      const std::string text(static_cast<std::size_t>(version % 97 + 10),
                             static_cast<char>('a' + version % 26));
      editor.save(world / "src/a.c", world.outside(), text);
    };
    for (int i = 0; i < test::rounds(20, 100); ++i) {
      INFO(editor.name);
      save();
      REQUIRE(world.changes() == "*src/a.c");
      save();
      save();
      REQUIRE(world.changes() == "*src/a.c");
    }
  }
  CHECK(world.is_converged());
}

TEST_CASE("looked at in the middle, a save is never more than the file going and coming") {
  for (const auto& editor : editors()) {
    INFO(editor.name);
    Options options = World::options_for({"src/**"});
    options.default_exclusions = default_exclusions_for(Ecosystem::CMake);
    World world(options);
    world.write("src/a.c", "first");
    world.watch();
    editor.save(world / "src/a.c", world.outside(), "second version");
    std::string seen;
    auto batch = world->apply(now());
    // Who truncates a file without opening it closes none: that is waited for in vain.
    if (batch.changes.empty() && world->deadline()) batch = world->apply(*world->deadline());
    for (const auto& change : batch.changes) seen += change.path.text();
    CHECK(seen == "src/a.c");
    CHECK(world.changes().empty());
  }
}

TEST_CASE("attributes count as far as they are the file's own") {
  World world;
  world.write("run.sh");
  world.watch();
  REQUIRE(::chmod((world / "run.sh").c_str(), 0755) == 0);
  CHECK(world.changes() == "*run.sh");
  std::ifstream(world / "run.sh").get();
  CHECK_FALSE(world.has_waiting_hints());
}
