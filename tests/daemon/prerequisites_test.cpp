// SPDX-License-Identifier: MIT
// Which programs a project lacks, as far as that can be known without running a shell.
#include "daemon/prerequisites.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using daemon::missing_programs;
using test::TempDir;
namespace fs = std::filesystem;

namespace {

// A project with one target, and a PATH in which there is "tool" alone.
struct World {
  World() {
    dir.write("bin/tool", "#!/bin/sh\n");
    fs::permissions(dir / "bin/tool", fs::perms::owner_all);
    fs::create_directories(dir / "p");
    project.root = dir / "p";
    project.file = dir / "p/poltergeist.config.json";
    config::Target target;
    target.name = TargetId("app");
    target.place = {.line = 3, .column = 7};
    target.kind = config::CommandKind{.build_command = "make"};
    project.targets.push_back(std::move(target));
  }
  config::Target& target() { return project.targets.front(); }
  [[nodiscard]] std::string place() const { return project.file.string() + ":3:7: "; }
  [[nodiscard]] std::vector<std::string> missing() const {
    return missing_programs(project, {"PATH=" + (dir / "bin").string()});
  }
  [[nodiscard]] std::vector<std::string> missing_for(const std::string& build_command) {
    target().kind = config::CommandKind{.build_command = build_command};
    return missing();
  }

  TempDir dir;
  config::Project project;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a package manager and a cmake that are not in PATH are named, with the target's place") {
  World world;
  world.dir.write("p/package.json", "{}");
  world.target().kind = config::NpmKind{.package_manager = config::PackageManager::Pnpm};
  CHECK(
      world.missing() ==
      Texts{world.place() +
            "target \"app\" needs pnpm, which is not in PATH; install it or set `packageManager`"});
  world.dir.write("p/CMakeLists.txt", "");
  world.target().kind = config::CMakeKind{};
  CHECK(world.missing() ==
        Texts{world.place() + "target \"app\" needs cmake, which is not in PATH"});
  world.target().type = config::TargetType::Docker;
  world.target().kind = config::CommandKind{.image_name = "image"};
  CHECK(world.missing() ==
        Texts{world.place() + "target \"app\" needs docker, which is not in PATH"});
}

TEST_CASE("a command that begins with an absolute path is held against the disk") {
  World world;
  const auto tool = (world.dir / "bin/tool").string();
  const auto gone = (world.dir / "bin/gone").string();
  CHECK(world.missing_for(tool + " --all && x").empty());
  CHECK(world.missing_for("  " + gone + " --all") ==
        Texts{world.place() + "target \"app\" needs " + gone +
              " for \"buildCommand\", and there is no such program"});
  CHECK(world.missing_for((world.dir / "bin").string()).size() == 1);
  fs::permissions(world.dir / "bin/tool", fs::perms::owner_read);
  CHECK(world.missing_for(tool).size() == 1);
}

TEST_CASE(
    "of what a shell may make something else, and of what a build may make, nothing is said") {
  World world;
  const auto gone = (world.dir / "bin/gone").string();
  const auto root = world.project.root.string();
  const Texts lines = {"gone",
                       "./gone",
                       "X=1 " + gone,
                       "cd / && " + gone,
                       "$HOME" + gone,
                       gone + "$VERSION/bin/cc",
                       gone + ";true",
                       "'" + gone + "'",
                       "{ " + gone + "; }",
                       root + "/tools/gone",
                       root + "/../p/gone"};
  for (const auto& line : lines) {
    INFO(line);
    CHECK(world.missing_for(line).empty());
  }
}

TEST_CASE("tests, hooks and the program of autoRun are looked at as well, in the PATH they get") {
  World world;
  auto& target = world.target();
  target.kind = config::TestKind{.test_command = "/no/such/test"};
  target.post_build.push_back({.name = "a", .command = "/no/such/hook", .formatter = "/no/format"});
  target.auto_run = config::AutoRun{.enabled = true, .command = "interpreter"};
  const auto missing = world.missing();
  REQUIRE(missing.size() == 4);
  CHECK(missing[0].find("/no/such/test for \"testCommand\"") != std::string::npos);
  CHECK(missing[1].find("/no/such/hook for \"postBuild\"") != std::string::npos);
  CHECK(missing[2].find("/no/format for \"postBuild\"") != std::string::npos);
  CHECK(missing[3].find("needs interpreter, which is not in PATH") != std::string::npos);

  target.kind = config::TestKind{.test_command = "true"};
  target.post_build.clear();
  target.auto_run->command = "tool";
  CHECK(world.missing().empty());
  target.auto_run->env["PATH"] = "/nowhere";
  CHECK(world.missing().size() == 1);
  target.auto_run->enabled = false;
  CHECK(world.missing().empty());
}

TEST_CASE("a sidecar and a cleanup need bash, in the PATH they get, and the program they name") {
  World world;
  auto& auto_run =
      world.target().auto_run.emplace(config::AutoRun{.enabled = true, .command = "tool"});
  CHECK(world.missing().empty());
  auto_run.post_run = "tunnel {port}";
  CHECK(world.missing() ==
        Texts{world.place() + "target \"app\" needs bash for \"postRun\", which is not in PATH"});
  auto_run.post_run.clear();
  auto_run.cleanup = "/no/such/cleaner {port}";
  CHECK(world.missing() ==
        Texts{world.place() + "target \"app\" needs bash for \"cleanup\", which is not in PATH",
              world.place() + "target \"app\" needs /no/such/cleaner for \"cleanup\", and there is "
                              "no such program"});
  world.dir.write("else/bash", "#!/bin/sh\n");
  world.dir.write("else/tool", "#!/bin/sh\n");
  for (const auto* file : {"else/bash", "else/tool"}) {
    fs::permissions(world.dir / file, fs::perms::owner_all);
  }
  auto_run.cleanup = "true";
  auto_run.env["PATH"] = (world.dir / "else").string();
  CHECK(world.missing().empty());
}

TEST_CASE("a script that is there and not executable needs its interpreter") {
  World world;
  world.target().output_path = "app.py";
  world.target().auto_run = config::AutoRun{.enabled = true};
  CHECK(world.missing().empty());
  world.dir.write("p/app.py", "");
  CHECK(world.missing() ==
        Texts{world.place() + "target \"app\" needs python3, which is not in PATH"});
  fs::permissions(world.dir / "p/app.py", fs::perms::owner_all);
  CHECK(world.missing().empty());
}

TEST_CASE("a target that is not enabled needs nothing") {
  World world;
  world.target().enabled = false;
  CHECK(world.missing_for("/no/such/compiler").empty());
}
