// SPDX-License-Identifier: MIT
// What a plan asks of the disk is looked up, all of it.
#include "daemon/facts.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using daemon::look_up;
using test::TempDir;
namespace fs = std::filesystem;

TEST_CASE("what is there is found, and what is not is absent") {
  const TempDir dir;
  dir.write("there", "text");
  dir.write("bin/tool", "");
  dir.write("bin/data", "");
  fs::permissions(dir / "bin/tool", fs::perms::owner_all);
  fs::permissions(dir / "bin/data", fs::perms::owner_read);
  config::Project project;
  project.root = dir.path();
  project.file = dir / "poltergeist.config.json";
  const build::WantedFacts wanted{.existing = {dir / "there", dir / "bin", dir / "missing"},
                                  .texts = {dir / "there", dir / "missing", dir / "bin"},
                                  .times = {dir / "there", dir / "missing"},
                                  .programs = {"tool", "data", "missing"}};
  const auto facts =
      look_up(wanted, project, "/nowhere:" + (dir / "bin").string(), {*RelPath::parse("a")}, 7);

  CHECK(facts.root == project.root);
  CHECK(facts.config_file == project.file);
  CHECK(facts.existing == std::set<fs::path>{dir / "there", dir / "bin"});
  CHECK(facts.texts == std::map<fs::path, std::string>{{dir / "there", "text"}});
  CHECK(facts.programs == std::set<std::string>{"tool"});
  CHECK(facts.changed.size() == 1);
  CHECK(facts.total_changed == 7);
  CHECK(facts.processors >= 1);
  REQUIRE(facts.times.size() == 1);
}

TEST_CASE("times tell which file was modified later, to the nanosecond") {
  const TempDir dir;
  config::Project project;
  dir.write("older", "");
  dir.write("newer", "");
  const auto age = fs::last_write_time(dir / "older");
  fs::last_write_time(dir / "newer", age + std::chrono::nanoseconds(1));
  const auto facts = look_up(
      {.existing = {}, .texts = {}, .times = {dir / "older", dir / "newer"}, .programs = {}},
      project, "", {}, 0);
  CHECK(facts.times.at(dir / "newer") == facts.times.at(dir / "older") + 1);
}
