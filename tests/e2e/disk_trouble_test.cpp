// SPDX-License-Identifier: MIT
// A state directory that takes nothing any more, for it is full or read-only: what is built is
// built and answered all the same, what was written stays readable, and all is written when it can
// be.
#include <fstream>

#include <catch2/catch.hpp>

#include "support/own_namespace.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// One whose state directory has little room.
struct CrampedProject : TestProject {
  CrampedProject() {
    write("a.txt", "first");
    configure({{"targets", {TestProject::copying_target("one", "a.txt", "one")}}});
  }
  SmallDisk disk{state_dir(), "256k"};
};

// What every file that programs read says is whole.
bool all_parse(const fs::path& state_dir) {
  for (const auto& entry : fs::directory_iterator(state_dir)) {
    const auto extension = entry.path().extension();
    if (extension != ".state" && extension != ".json") continue;
    std::ifstream stream(entry.path());
    if (!Json::accept(stream)) return false;
  }
  return true;
}

// Edits and waits: the answer is of the new build though nothing can be written about it.
void build_in_trouble(const TestProject& project, const std::string& text) {
  project.write("a.txt", text);
  const auto waited = project.run_poltergeist({"wait"});
  INFO(waited.out << waited.err);
  CHECK(waited.code == 0);
  CHECK(project.read("one") == text);
  const auto status = project.status();
  CHECK(status.at("one").at("lastBuild").at("status") == "success");
  CHECK(status.at("_daemon").at("degraded").get<std::string>().find(".state") != std::string::npos);
  CHECK(all_parse(project.state_dir()));
}

bool follows(const TestProject& project) {
  return await([&] {
    const auto status = project.status();
    return !status.at("_daemon").contains("degraded") &&
           project.state_of("one").at("lastBuild") == status.at("one").at("lastBuild");
  });
}

}  // namespace

TEST_CASE(
    "a state directory that is full costs no build, and is written when there is room again") {
  if (!enter_own_namespace()) return;
  const CrampedProject project;
  project.haunt();
  for (int i = 0; i < rounds(1, 100); ++i) {
    INFO("round " << i);
    project.disk.fill();
    build_in_trouble(project, "full " + std::to_string(i));
    build_in_trouble(project, "still full " + std::to_string(i));
    project.disk.make_room();
    CHECK(follows(project));
  }
}

TEST_CASE("a state directory that became read-only costs no build, and is written afterwards") {
  if (!enter_own_namespace()) return;
  const CrampedProject project;
  project.haunt();
  for (int i = 0; i < rounds(1, 100); ++i) {
    INFO("round " << i);
    project.disk.make_read_only(true);
    build_in_trouble(project, "read-only " + std::to_string(i));
    project.disk.make_read_only(false);
    CHECK(follows(project));
  }
}

TEST_CASE("no daemon begins where it could not write its state, and it says so") {
  if (!enter_own_namespace()) return;
  const CrampedProject project;
  project.disk.make_read_only(true);
  const auto refused = project.run_poltergeist({"haunt"});
  CHECK(refused.code == 2);
  INFO(refused.err);
  CHECK(refused.err.find(project.state_dir().string()) != std::string::npos);
  project.disk.make_read_only(false);
  project.haunt();
  CHECK(project.read("one") == "first");
}
