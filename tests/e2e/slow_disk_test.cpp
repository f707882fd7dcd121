// SPDX-License-Identifier: MIT
// A disk that takes its time, as a busy or a spinning one does, keeps nobody waiting.
#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
TEST_CASE("while the disk makes a verdict safe, edits are built and questions answered") {
  TestProject project;
  const auto gate = project.write("gate", "");
  project.env = {{"LD_PRELOAD", FAKE_SYSTEM_LIBRARY},
                 {"FAKE_GATE", gate.string()},
                 {"FAKE_GATE_BELOW", project.state_dir().string()}};
  project.write("a.txt", "first");
  project.configure({{"targets", {TestProject::copying_target("one", "a.txt", "one")}}});
  project.haunt();
  for (const auto* text : {"second", "third"}) {
    project.write("a.txt", text);
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
    CHECK(project.read("one") == text);
    CHECK(project.state_of("one").at("lastBuild").at("status") == "success");
    CHECK(project.status().at("one").at("lastBuild").at("status") == "success");
  }
  CHECK(fs::exists(gate));
  fs::remove(gate);
  CHECK(project.run_poltergeist({"stop"}).code == 0);
  CHECK(project.state_of("one").at("lastBuild").at("status") == "success");
}
#endif
