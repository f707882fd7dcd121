// SPDX-License-Identifier: MIT
// What the targets are built with, as far as their commands tell.
#include "daemon/used_programs.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using daemon::command_words;
using daemon::used_programs;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

config::Target target(const std::string& name, const std::string& command) {
  config::Target made;
  made.name = TargetId(name);
  made.kind = config::CommandKind{.build_command = command};
  return made;
}

struct World {
  World() {
    for (const auto* file : {"bin/cc", "bin/make", "p/tools/mine"}) {
      dir.write(file, "#!/bin/sh\n");
      fs::permissions(dir / file, fs::perms::owner_all);
    }
    project.root = dir / "p";
    project.file = dir / "p/poltergeist.config.json";
  }
  // "name file target" of each.
  [[nodiscard]] Words used() const {
    const auto path = "PATH=" + (dir / "bin").string() + ":" + (dir / "p/tools").string();
    Words all;
    for (const auto& program : used_programs(project, {path})) {
      all.push_back(program.name + " " + program.file.string() + " " + program.target);
    }
    return all;
  }

  test::TempDir dir;
  config::Project project;
};

}  // namespace

TEST_CASE("the words that commands begin with are found, the shell's own left out") {
  struct Case {
    std::string line;
    Words words;
  };
  const Case cases[] = {
      {"make", {"make"}},
      {"  make -j8 all", {"make"}},
      {"cmake -B build && cmake --build build", {"cmake", "cmake"}},
      {"cd sub && make; strip app || true", {"make", "strip"}},
      {"cat list | sort", {"cat", "sort"}},
      {"CC=gcc make", {"make"}},
      {"exec /usr/bin/cc -o a a.c", {"/usr/bin/cc"}},
      {"if [ -f x ] ; then touch y ; fi", {"touch"}},
      {"./build.sh", {"./build.sh"}},
      {"", {}},
      {"echo built", {}},
      // Whatever the shell may make of these, nothing behind them is known.
      {"$CC -o a", {}},
      {"sh -c 'make && strip'", {"sh"}},
      {"NAME='a make b' cc", {}},
      {"make >log && cc", {"make"}},
      {"make $(flags) && cc", {"make"}},
      {"make\ncc", {}},
  };
  for (const auto& [line, words] : cases) {
    INFO(line);
    CHECK(command_words(line) == words);
  }
}

TEST_CASE("each program is named once, with its place, for the first target that uses it") {
  World world;
  world.project.targets = {target("app", "make && cc x"), target("lib", "cc y"),
                           target("gone", "ninja"), target("off", "rustc")};
  world.project.targets.back().enabled = false;
  const auto bin = (world.dir / "bin").string();
  CHECK(world.used() == Words{"make " + bin + "/make app", "cc " + bin + "/cc app", "ninja  gone"});
}

TEST_CASE("what lies in the project is not ours to start") {
  World world;
  world.project.targets = {
      target("app", "./tools/mine && mine && " + (world.dir / "p/tools/mine").string())};
  CHECK(world.used().empty());
}

TEST_CASE("a target without a line for the shell is built with what its plan starts") {
  World world;
  world.dir.write("p/package.json", "{}");
  world.dir.write("bin/npm", "#!/bin/sh\n");
  fs::permissions(world.dir / "bin/npm", fs::perms::owner_all);
  config::Target web;
  web.name = TargetId("web");
  web.kind = config::NpmKind{.package_manager = config::PackageManager::Npm};
  world.project.targets = {web};
  CHECK(world.used() == Words{"npm " + (world.dir / "bin/npm").string() + " web"});
}
