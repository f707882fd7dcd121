// SPDX-License-Identifier: MIT
// A daemon has the environment of the shell that it was started from, and builds with that; whoever
// asks from another one is told where his own is another.
#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// "app" is what the tool says that PATH finds; it fails where it is told to.
void configure(const TestProject& project, const Json& env = Json::object()) {
  for (const std::string place : {"one", "two"}) {
    project.write(place + "/tool", "#!/bin/sh\necho " + place + "\n");
    fs::permissions(project.root() / place / "tool", fs::perms::owner_all);
  }
  project.write("src/a", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "tool > said; [ ! -e broken ]"},
                        {"env", env},
                        {"watchPaths", {"src/**"}}}}}});
}

std::string path_with(const TestProject& project, const std::string& place) {
  return (project.root() / place).string() + ":/usr/bin:/bin";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("builds have the environment in which the daemon was started, until it is restarted") {
  TestProject project;
  configure(project);
  project.env["PATH"] = path_with(project, "one");
  project.haunt();
  CHECK(project.read("said") == "one\n");
  CHECK_FALSE(contains(project.run_poltergeist({"status"}).out, "environment"));

  project.env["PATH"] = path_with(project, "two");
  project.env["VIRTUAL_ENV"] = "/venv";
  CHECK(project.run_poltergeist({"build", "app", "--force"}).code == 0);
  CHECK(project.read("said") == "one\n");
  CHECK(
      contains(project.run_poltergeist({"status"}).out, "PATH, VIRTUAL_ENV: not as in this shell"));
  CHECK(project.status()["_daemon"]["environmentDiffers"] == Json({"PATH", "VIRTUAL_ENV"}));
  CHECK(
      contains(project.run_poltergeist({"doctor"}).out, "not as in this shell: PATH, VIRTUAL_ENV"));
  const auto again = project.run_poltergeist({"haunt"});
  CHECK(again.code == 0);
  CHECK(contains(again.err, "other values of PATH, VIRTUAL_ENV than this shell"));

  REQUIRE(project.run_poltergeist({"restart"}).code == 0);
  CHECK(project.run_poltergeist({"build", "app", "--force"}).code == 0);
  CHECK(project.read("said") == "two\n");
  CHECK_FALSE(contains(project.run_poltergeist({"status"}).out, "environment"));
}

TEST_CASE("a failure says where the daemon's environment is not the one of who asks") {
  TestProject project;
  configure(project);
  project.write("broken", "");
  project.env["PATH"] = path_with(project, "one");
  project.haunt();
  const auto fails = [&](const Ran& ran, bool hints) {
    CHECK(ran.code == 1);
    CHECK(contains(ran.out + ran.err, "the daemon has other values of PATH than this shell") ==
          hints);
  };
  fails(project.run_polter({"app"}), false);
  project.env["PATH"] = path_with(project, "two");
  fails(project.run_polter({"app"}), true);
  fails(project.run_poltergeist({"wait", "app"}), true);
  fails(project.run_poltergeist({"build", "app"}), true);
  // Nobody's values are told, and nothing of it is written down.
  const auto answer = Json::parse(project.run_poltergeist({"wait", "app", "--json"}).out);
  CHECK(answer["environment"]["PATH"].get<std::string>().size() == 8);
  CHECK_FALSE(project.state_of("app").dump().find("environment") != std::string::npos);
}

TEST_CASE("what the configuration sets is the same in every shell") {
  TestProject project;
  configure(project, {{"PATH", path_with(project, "two")}});
  project.write("broken", "");
  project.env["PATH"] = path_with(project, "one");
  project.haunt();
  CHECK(project.read("said") == "two\n");
  project.env["PATH"] = path_with(project, "two");
  const auto ran = project.run_polter({"app"});
  CHECK(ran.code == 1);
  CHECK_FALSE(contains(ran.err, "other values"));
}

TEST_CASE("a daemon outlives the directory that it was started in and the agent of its shell") {
  TestProject project;
  configure(project);
  project.env["PATH"] = path_with(project, "one");
  project.env["SSH_AUTH_SOCK"] = (project.root() / "agent").string();
  project.write("agent", "");
  fs::create_directories(project.root() / "below");
  auto haunt = project.poltergeist({"haunt"});
  haunt.cwd = project.root() / "below";
  REQUIRE(run(haunt).code == 0);
  fs::remove(project.root() / "below");
  fs::remove(project.root() / "agent");
  project.write("src/a", "later");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
}
