// SPDX-License-Identifier: MIT
// The latency ledger: what is told of where the time goes between an edit and the program that
// contains it.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kStages[] = {"event", "windowClosed",    "queued",  "spawned",
                                   "ended", "runnerSignalled", "runnerUp"};

std::string waiting_program(const std::string& version) {
  return "#!/bin/sh\ntrap 'exit 0' INT TERM\necho " + version +
         " >> alive\nwhile :; do sleep 300 & wait $!; done\n";
}

// The stages that were reached, in their order; "out of order" if they were not.
std::string reached(const Json& timing) {
  std::string names;
  double latest = 0;
  for (const auto* stage : kStages) {
    if (!timing.contains(stage)) continue;
    if (timing[stage] < latest) return "out of order: " + timing.dump();
    latest = timing[stage];
    names += (names.empty() ? "" : " ") + std::string(stage);
  }
  return names;
}

Json timing_of(const TestProject& project) {
  return project.status()["app"]["lastBuild"].value("timing", Json::object());
}

Json configuration(Json target) {
  return {{"targets", {std::move(target)}}};
}

Json plain_target() {
  return TestProject::copying_target("app", "app.sh", "app");
}

Json figures_of(const TestProject& project, int code = 0) {
  const auto ran = project.run_poltergeist({"status", "--timing", "--json"});
  CHECK(ran.code == code);
  return Json::parse(ran.out);
}

// The builds that a step is made of; 0 if it is not there.
int builds_in(const Json& figures, const std::string& from, const std::string& to) {
  for (const auto& step : figures["steps"]) {
    if (step["from"] == from && step["to"] == to) return step["builds"];
  }
  return 0;
}

}  // namespace

TEST_CASE("an edit of a target with autoRun tells all seven stages, in order") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  auto target = plain_target();
  target["autoRun"] = {{"enabled", true}, {"restartDelayMs", 0}};
  project.configure(configuration(target));
  project.haunt();
  // The first build has no event, and no program had to make room.
  REQUIRE(await([&] { return timing_of(project).contains("runnerUp"); }));
  CHECK(reached(timing_of(project)) == "queued spawned ended runnerUp");

  project.write("app.sh", waiting_program("two"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  REQUIRE(await([&] { return timing_of(project).contains("runnerUp"); }));
  const auto timing = timing_of(project);
  CHECK(reached(timing) == "event windowClosed queued spawned ended runnerSignalled runnerUp");
  CHECK(timing["event"] == 0);
  CHECK(timing["runnerUp"] > 0);
  CHECK(await([&] { return project.state_of("app")["lastBuild"]["timing"] == timing; }));

  // The record of the build was amended, too.
  const auto app = figures_of(project)["app"];
  CHECK(app["builds"] == 2);
  CHECK(builds_in(app, "queued", "spawned") == 2);
  CHECK(builds_in(app, "ended", "runnerSignalled") == 1);
  CHECK(builds_in(app, "runnerSignalled", "runnerUp") == 1);
  CHECK(builds_in(app, "event", "runnerUp") == 1);

  // A restart that a person asks for is no stage of the build.
  const auto pid = project.status()["app"]["runner"]["pid"];
  REQUIRE(project.run_poltergeist({"runner", "restart", "app"}).code == 0);
  REQUIRE(await([&] {
    const auto runner = project.status()["app"]["runner"];
    return runner["status"] == "running" && runner["pid"] != pid;
  }));
  CHECK(timing_of(project) == timing);
}

TEST_CASE("a program that somebody started is not the latency of the build before") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  auto target = plain_target();
  target["autoRun"] = {{"enabled", true}, {"restartDelayMs", 0}};
  project.configure(configuration(target));
  project.haunt();
  const auto runner_is = [&](const char* status) {
    return await([&] { return project.status()["app"]["runner"]["status"] == status; });
  };
  REQUIRE(runner_is("running"));
  REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  REQUIRE(runner_is("idle"));
  project.write("app.sh", waiting_program("two"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  REQUIRE(project.run_poltergeist({"runner", "start", "app"}).code == 0);
  REQUIRE(runner_is("running"));
  CHECK(reached(timing_of(project)) == "event windowClosed queued spawned ended");
}

TEST_CASE("what did not take place is absent") {
  TestProject project;
  project.write("app.sh", "exit 0\n");
  project.write("dir/keep", "");
  auto target = plain_target();
  target["cwd"] = "dir";
  target["buildCommand"] = "test ! -e ../broken && cp ../app.sh ../app";
  project.configure(configuration(target));
  project.haunt();
  CHECK(reached(timing_of(project)) == "queued spawned ended");

  SECTION("of a forced build: event and window") {
    REQUIRE(project.run_poltergeist({"build", "app", "--force"}).code == 0);
    CHECK(reached(timing_of(project)) == "queued spawned ended");
  }
  SECTION("of an edit: nothing but the program") {
    project.write("app.sh", "exit 1\n");
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    CHECK(reached(timing_of(project)) == "event windowClosed queued spawned ended");
  }
  SECTION("of a failure: the same") {
    project.write("broken", "");
    project.write("app.sh", "exit 1\n");
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 1);
    CHECK(reached(timing_of(project)) == "event windowClosed queued spawned ended");
  }
  SECTION("of a command that cannot be started: spawn and end") {
    std::filesystem::remove_all(project.root() / "dir");
    REQUIRE(project.run_poltergeist({"build", "app", "--force"}).code == 1);
    CHECK(reached(timing_of(project)) == "queued");
  }
}

TEST_CASE("the figures survive the daemon, however it ends") {
  TestProject project;
  project.write("app.sh", "one");
  project.configure(configuration(plain_target()));
  project.haunt();
  project.write("app.sh", "two");
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  const auto figures = figures_of(project);
  CHECK(figures["app"]["builds"] == 2);
  CHECK(builds_in(figures["app"], "event", "spawned") == 1);

  SECTION("in order") {
    REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  }
  SECTION("by SIGKILL") {
    const auto pid = project.daemon_pid();
    REQUIRE(::kill(pid, SIGKILL) == 0);
    REQUIRE(await([&] { return ::kill(pid, 0) != 0; }));
  }
  CHECK(figures_of(project, 3) == figures);  // nobody but the history knows them
  project.haunt();
  CHECK(project.builds_of("app") == 2);
  CHECK(figures_of(project) == figures);
}

// A preloaded library comes before the sanitizer's and is refused by it.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a wall clock that jumps changes no duration") {
  TestProject project;
  const auto clock = project.state_dir().parent_path() / "clock";
  project.env["LD_PRELOAD"] = FAKE_SYSTEM_LIBRARY;
  project.env["FAKE_CLOCK"] = clock.string();
  auto target = plain_target();
  target["buildCommand"] =
      "[ ! -p gate ] || cat gate; " + target["buildCommand"].get<std::string>();
  project.write("app.sh", "first");
  project.configure(configuration(target));
  project.haunt();
  const auto gate = project.root() / "gate";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  constexpr double kHour = 3600'000;
  for (const auto* jump : {"864000", "-864000", "0"}) {
    INFO("jump " << jump);
    project.write("app.sh", std::string("before the jump to ") + jump);
    REQUIRE(await([&] { return project.status()["app"]["status"] == "building"; }));
    std::ofstream(clock) << jump;
    std::ofstream(gate).close();  // waits for the build to open it
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    const auto timing = timing_of(project);
    REQUIRE(reached(timing) == "event windowClosed queued spawned ended");
    CHECK(timing["ended"] < kHour);
  }
}
#endif
