// SPDX-License-Identifier: MIT
// Builds that write what their own target watches.
#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// Watches all of src/, counts its builds, and does `command` in each.
Json target_that(const std::string& command, const std::string& output = "app") {
  return {{"name", "app"},
          {"type", "executable"},
          {"buildCommand", "echo built >> app.builds && " + command},
          {"outputPath", output},
          {"watchPaths", {"src/**"}}};
}

}  // namespace

TEST_CASE("an output among the sources sets nothing off") {
  TestProject project;
  project.write("src/main.c", "one");
  project.write("src/made/.keep", "");
  project.configure({{"targets", {target_that("cp src/main.c src/made/app", "src/made/app")}}});
  project.haunt();
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 1);
  project.write("src/main.c", "two");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 2);
}

TEST_CASE(
    "a build that writes sources again with the bytes that they had is built once more, once") {
  TestProject project;
  project.write("src/main.c", "one");
  project.write("src/gen.h", "generated");
  project.configure({{"targets",
                      {target_that("printf generated > src/gen.h && touch src/main.c && "
                                   "cp src/main.c app")}}});
  project.haunt();
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 2);
  for (int i = 0; i < rounds(5, 200); ++i) {
    const auto before = project.builds_of("app");
    project.write("src/main.c", std::to_string(i));
    CHECK(project.run_poltergeist({"wait"}).code == 0);
    CHECK(project.run_poltergeist({"wait"}).code == 0);
    CHECK(project.builds_of("app") == before + 1);
  }
  // Nor after a restart, nor by what was touched before it.
  const auto before = project.builds_of("app");
  project.write("src/gen.h", "generated");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.run_poltergeist({"restart"}).code == 0);
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == before);
  // What a person makes of it by hand counts.
  project.write("src/gen.h", "by hand");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.read("src/gen.h") == "generated");
}

TEST_CASE("a target may be told to be built by a touch") {
  TestProject project;
  const auto file = project.write("src/main.c", "one");
  project.configure(
      {{"watcher", {{"touchBuilds", true}}}, {"targets", {target_that("cp src/main.c app")}}});
  project.haunt();
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now());
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == 2);
}

TEST_CASE("a build that writes a source anew each time stops after three, and is told what to do") {
  TestProject project;
  project.write("src/main.c", "one");
  auto target = target_that("wc -l < app.builds > src/gen.h && cp src/main.c app");
  project.configure({{"targets", {target}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  const auto held = project.run_poltergeist({"wait"});
  CHECK(held.code == 1);
  INFO(held.out << held.err);
  CHECK((held.out + held.err).find(R"("!src/gen.h" to the watchPaths of app)") !=
        std::string::npos);
  CHECK(project.builds_of("app") == 3);

  // A person's edit is built all the same, and so is a request.
  project.write("src/main.c", "two");
  CHECK(await([&] { return project.read("app") == "two"; }));
  const auto builds = project.builds_of("app");
  (void)project.run_poltergeist({"build", "app"});
  CHECK(project.builds_of("app") > builds);

  target["watchPaths"].push_back("!src/gen.h");
  project.configure({{"targets", {target}}});
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  const auto settled = project.builds_of("app");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  project.write("src/main.c", "three");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("app") == settled + 1);
}
