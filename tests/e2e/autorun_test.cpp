// SPDX-License-Identifier: MIT
// autoRun: the daemon keeps the built program running.
#include <signal.h>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// A program that says which version of it runs in the file "alive", and waits for a signal.
std::string waiting_program(const std::string& version, const std::string& trap = "exit 0") {
  return "#!/bin/sh\ntrap '" + trap + "' INT TERM\necho " + version +
         " >> alive\nwhile :; do sleep 300 & wait $!; done\n";
}

Json configuration(Json auto_run) {
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["autoRun"] = std::move(auto_run);
  return {{"targets", {target}}};
}

bool runs(const TestProject& project, const std::string& lines) {
  return await([&] { return project.read("alive") == lines; }, std::chrono::seconds(20));
}

}  // namespace

TEST_CASE("the program starts with the first success and restarts once per success") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  project.configure(configuration({{"enabled", true}, {"restartDelayMs", 0}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  project.write("app.sh", waiting_program("two"));
  REQUIRE(runs(project, "one\ntwo\n"));
  REQUIRE(await([&] { return project.state_of("app")["runner"]["restarts"] == 1; }));
  const auto runner = project.state_of("app")["runner"];
  CHECK(runner["status"] == "running");
  CHECK(runner["restarts"] == 1);
}

TEST_CASE("who has the answer to an order for a runner reads no older state file") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  project.configure(configuration({{"enabled", true}, {"restartDelayMs", 0}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  auto client = poltergeist::api::Client::connect(project.socket());
  REQUIRE(client);
  const Json params{{"target", "app"}};
  const auto runner = [&] { return project.state_of("app")["runner"]; };
  for (int i = 0; i < rounds(8, 1000); ++i) {
    REQUIRE(await([&] { return runner()["status"] == "running"; }));
    const auto before = runner()["pid"];
    REQUIRE(client->call("runner.restart", params));
    const auto after = runner();
    INFO(after.dump());
    CHECK((after["status"] != "running" || after["pid"] != before));
    REQUIRE(client->call("runner.stop", params));
    CHECK(runner()["status"] != "running");
    const auto started = client->call("runner.start", params);
    REQUIRE(started);
    CHECK(runner()["status"] != "idle");
  }
}

TEST_CASE("a failed build leaves the program alone") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  auto with_check = configuration({{"enabled", true}, {"restartDelayMs", 0}});
  auto& command = with_check["targets"][0]["buildCommand"];
  command = "sh -n app.sh && " + command.get<std::string>();
  project.configure(with_check);
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  const auto pid = project.status()["app"]["runner"]["pid"];
  project.write("app.sh", "if\n");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 1);
  CHECK(project.status()["app"]["runner"]["pid"] == pid);
  CHECK(project.status()["app"]["runner"]["status"] == "running");
}

TEST_CASE("a program that ignores the signal is killed after its time, and replaced") {
  TestProject project;
  project.write("app.sh", waiting_program("one", ":"));
  project.configure(
      configuration({{"enabled", true}, {"restartDelayMs", 0}, {"stopTimeoutMs", 300}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  project.write("app.sh", waiting_program("two"));
  REQUIRE(runs(project, "one\ntwo\n"));
}

TEST_CASE("two successes within the delay restart once, with the newest") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  project.configure(configuration({{"enabled", true}, {"restartDelayMs", 1500}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  project.write("app.sh", waiting_program("two"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  project.write("app.sh", waiting_program("three"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(runs(project, "one\nthree\n"));
}

TEST_CASE("a program that crashes within the delay is still relaunched") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  project.configure(configuration({{"enabled", true}, {"restartDelayMs", 1000}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  const auto pid = project.status()["app"]["runner"]["pid"].get<pid_t>();
  project.write("app.sh", waiting_program("two"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  ::kill(pid, SIGKILL);
  CHECK(runs(project, "one\ntwo\n"));
}

TEST_CASE("autoRun is enabled and disabled by editing the configuration") {
  TestProject project;
  project.write("app.sh", waiting_program("one"));
  project.configure(configuration({{"enabled", false}}));
  project.haunt();
  CHECK_FALSE(project.state_of("app").contains("runner"));
  project.configure(configuration({{"enabled", true}}));
  REQUIRE(runs(project, "one\n"));
  CHECK(project.builds_of("app") == 1);
  const auto pid = project.status()["app"]["runner"]["pid"].get<pid_t>();
  project.configure(configuration({{"enabled", false}}));
  CHECK(await([&] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("what the program prints is in the runner's log, and stop leaves nothing of it") {
  TestProject project;
  project.write("app.sh", "#!/bin/sh\necho hello from $1\nsetsid sleep 300 &\n" +
                              waiting_program("one").substr(10));
  project.configure(configuration({{"enabled", true}, {"args", {"here"}}}));
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  REQUIRE(await([&] {
    return project.run_poltergeist({"logs", "app", "-C", "runner"}).out.find("hello from here") !=
           std::string::npos;
  }));
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await([&] { return processes_mentioning(project.root().string()).empty(); },
              std::chrono::seconds(5)));
}

TEST_CASE("the program of a target that was removed is not that of one that comes in its place") {
  TestProject project;
  // It takes its time to end: the other comes while it is still being stopped.
  project.write("app.sh", waiting_program("one", "echo asked >> asked"));
  const auto with_program =
      configuration({{"enabled", true}, {"restartDelayMs", 0}, {"stopTimeoutMs", 2000}});
  project.configure(with_program);
  project.haunt();
  REQUIRE(runs(project, "one\n"));
  project.configure({{"targets", Json::array()}});
  REQUIRE(await([&] { return project.read("asked") == "asked\n"; }));

  auto another = with_program;
  another["targets"][0]["buildCommand"] = "exit 1";
  project.configure(another);
  CHECK(project.run_poltergeist({"wait", "app"}).code == 1);
  CHECK(await([&] { return project.status()["app"]["runner"]["status"] == "idle"; }));
  CHECK(project.read("alive") == "one\n");
}
