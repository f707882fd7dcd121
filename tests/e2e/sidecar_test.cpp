// SPDX-License-Identifier: MIT
// What stands beside a program: the sidecar, the port, the cleanup; with both owners of a runner.
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// Without a process of its own, which could miss a signal between its fork and its program.
constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";

// Writes what happens to a line each of the file "trace", and ends when it is told to.
std::string traced(const std::string& name) {
  return "trap 'echo " + name + "-ended >> trace; exit 0' INT TERM; echo " + name +
         " $POLTERGEIST_PORT >> trace; " + kWaits;
}

void configure(const TestProject& project, Json auto_run) {
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  project.write("app.sh", "#!/bin/sh\ncd " + project.root().string() + "\necho args $* >> trace\n" +
                              traced("program") + "\n");
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["autoRun"] = std::move(auto_run);
  project.configure({{"targets", {target}}});
}

Json settings() {
  return {{"enabled", true},
          {"args", {"--port", "{port}"}},
          {"postRun", traced("sidecar {port}")},
          {"cleanup", "echo cleanup {port} >> trace; echo all gone"}};
}

bool has_line(const TestProject& project, const std::string& line) {
  return await(
      [&] { return ("\n" + project.read("trace")).find("\n" + line) != std::string::npos; },
      std::chrono::seconds(20));
}

std::string log_of(const TestProject& project, const std::string& channel) {
  return project.run_poltergeist({"logs", "app", "--channel", channel, "-n", "100"}).out;
}

}  // namespace

TEST_CASE("the daemon's runner has a port and a sidecar and cleans up when it is stopped") {
  const TestProject project;
  configure(project, settings());
  project.haunt();
  REQUIRE(has_line(project, "sidecar "));
  REQUIRE(await([&] { return project.state_of("app")["runner"]["status"] == "running"; }));
  const auto runner = project.state_of("app")["runner"];
  const auto port = std::to_string(runner["port"].get<int>());
  CHECK(runner["postRun"] == traced("sidecar {port}"));
  CHECK(has_line(project, "args --port " + port + "\n"));
  CHECK(has_line(project, "program " + port + "\n"));
  CHECK(has_line(project, "sidecar " + port + " " + port + "\n"));

  CHECK(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  REQUIRE(await([&] { return project.state_of("app")["runner"]["status"] == "idle"; }));
  CHECK_THAT(project.read("trace"),
             Catch::EndsWith("cleanup " + port + "\nprogram-ended\nsidecar " + port + "-ended\n"));
  const auto banner = "👻 [Poltergeist] Starting postRun: " + traced("sidecar " + port);
  CHECK_THAT(log_of(project, "runner"),
             Catch::Contains(banner) && Catch::Contains("[cleanup] all gone"));
  CHECK_THAT(log_of(project, "post-run"), Catch::Contains(banner));
}

TEST_CASE("what a sidecar says is in its own log and marked in the program's") {
  const TestProject project;
  configure(project,
            {{"enabled", true}, {"postRun", "echo https://a.tunnel; " + std::string(kWaits)}});
  project.haunt();
  REQUIRE(await([&] {
    return log_of(project, "post-run").find("\nhttps://a.tunnel\n") != std::string::npos;
  }));
  CHECK(log_of(project, "runner").find("\n[post-run] https://a.tunnel\n") != std::string::npos);
}

TEST_CASE("without postRun there is no log of it and nothing about it in the state") {
  const TestProject project;
  configure(project, {{"enabled", true}});
  project.haunt();
  REQUIRE(has_line(project, "program\n"));
  REQUIRE(await([&] { return project.state_of("app")["runner"]["status"] == "running"; }));
  const auto runner = project.state_of("app")["runner"];
  for (const auto* key : {"postRun", "port", "crashes"}) CHECK_FALSE(runner.contains(key));
  for (const auto& entry : std::filesystem::directory_iterator(project.state_dir())) {
    CHECK(entry.path().string().find("post-run") == std::string::npos);
    CHECK(entry.path().filename() != "ports");
  }
}

TEST_CASE("two targets that want a port have two") {
  const TestProject project;
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  Json targets = Json::array();
  for (const std::string name : {"one", "two"}) {
    project.write(name + ".sh", "#!/bin/sh\ncd " + project.root().string() +
                                    "\necho $POLTERGEIST_PORT > " + name + ".port\n" + kWaits +
                                    "\n");
    auto target = TestProject::copying_target(name, name + ".sh", name);
    target["autoRun"] = {{"enabled", true}, {"port", {{"from", 21'000}, {"to", 21'999}}}};
    targets.push_back(std::move(target));
  }
  project.configure({{"targets", targets}});
  project.haunt();
  REQUIRE(await(
      [&] { return !project.read("one.port").empty() && !project.read("two.port").empty(); }));
  CHECK(project.read("one.port") != project.read("two.port"));
}

TEST_CASE("a sidecar that is taken out of the configuration ends and the program runs on") {
  const TestProject project;
  configure(project, {{"enabled", true}, {"postRun", traced("sidecar")}});
  project.haunt();
  REQUIRE(has_line(project, "sidecar\n"));
  const auto pid = project.state_of("app")["runner"]["pid"];
  configure(project, {{"enabled", true}});
  REQUIRE(has_line(project, "sidecar-ended\n"));
  CHECK(project.state_of("app")["runner"]["pid"] == pid);
  configure(project, {{"enabled", true}, {"postRun", traced("another")}});
  REQUIRE(has_line(project, "another\n"));
  CHECK(project.state_of("app")["runner"]["pid"] == pid);
}

TEST_CASE("polter --watch has the sidecar and the port too and ends them in their order") {
  const TestProject project;
  auto auto_run = settings();
  auto_run["enabled"] = false;
  configure(project, auto_run);
  project.haunt();
  Program polter(project.polter({"app", "--watch"}));
  REQUIRE(has_line(project, "sidecar "));
  REQUIRE(has_line(project, "program "));  // it is started first, and may be the later to speak
  polter.signal(SIGTERM);
  CHECK(polter.await_end().shell_code() == 143);
  const auto trace = project.read("trace");
  const auto at = trace.find("args --port ");
  REQUIRE(at != std::string::npos);
  const auto port = trace.substr(at + 12, trace.find('\n', at) - at - 12);
  CHECK_THAT(trace,
             Catch::EndsWith("cleanup " + port + "\nprogram-ended\nsidecar " + port + "-ended\n"));
  CHECK_THAT(polter.errors(),
             Catch::Contains("Starting postRun: ") && Catch::Contains("[cleanup] all gone"));
}

TEST_CASE("polter --watch without postRun starts none and gives the program what it is told") {
  const TestProject project;
  auto auto_run = settings();
  auto_run["enabled"] = false;
  configure(project, auto_run);
  project.haunt();
  Program polter(project.polter({"app", "--watch", "--no-post-run", "own", "arguments"}));
  REQUIRE(has_line(project, "args own arguments\n"));
  REQUIRE(has_line(project, "program "));
  polter.signal(SIGTERM);
  (void)polter.await_end();
  CHECK(project.read("trace").find("sidecar") == std::string::npos);
  CHECK(project.read("trace").find("cleanup ") != std::string::npos);
}

TEST_CASE("a program that is ready later is starting until then and its sidecar waits") {
  const TestProject project;
  configure(project, {{"enabled", true},
                      {"readyWhen", {{"exec", "test -e ready"}}},
                      {"postRun", traced("sidecar")}});
  project.haunt();
  REQUIRE(has_line(project, "program\n"));
  REQUIRE(await([&] { return project.state_of("app")["runner"].contains("pid"); }));
  CHECK(project.state_of("app")["runner"]["status"] == "starting");
  CHECK(project.read("trace").find("sidecar") == std::string::npos);
  project.write("ready", "");
  REQUIRE(has_line(project, "sidecar\n"));
  CHECK(await([&] { return project.state_of("app")["runner"]["status"] == "running"; }));
}

TEST_CASE("a program that crashes is started again and the state says how often") {
  const TestProject project;
  configure(project, {{"enabled", true}, {"onExit", "restart"}});
  project.write("app.sh",
                "#!/bin/sh\necho x >> crashes\ntest $(wc -l < crashes) -ge 3 || exit 9\n" +
                    traced("program") + "\n");
  project.haunt();
  REQUIRE(has_line(project, "program\n"));
  CHECK(await([&] { return project.state_of("app")["runner"]["crashes"] == 2; }));
  CHECK(project.state_of("app")["runner"]["restarts"] == 2);
}

TEST_CASE("what init takes over from a factory-factory.json runs with its sidecar and ends whole") {
  const TestProject project;
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  project.write("factory-factory.json",
                Json{{"scripts",
                      {{"run", traced("program {port}")},
                       {"postRun", "echo \"tunnel on {port}\" && sleep 86399.25"},
                       {"cleanup", "echo cleanup {port} >> trace"}}}}
                    .dump());
  REQUIRE(project.run_poltergeist({"init"}).code == 0);
  project.haunt();
  const auto runner = [&] { return project.state_of("dev")["runner"]; };
  REQUIRE(await([&] { return runner()["status"] == "running"; }));
  const auto port = std::to_string(runner()["port"].get<int>());
  CHECK(has_line(project, "program " + port + " " + port + "\n"));
  const auto tunnel = "tunnel on " + port + "\n";
  CHECK(await([&] {
    return project.run_poltergeist({"logs", "dev", "--channel", "post-run"}).out.find(tunnel) !=
           std::string::npos;
  }));

  CHECK(project.run_poltergeist({"runner", "stop", "dev"}).code == 0);
  REQUIRE(await([&] { return runner()["status"] == "idle"; }));
  const auto ended = "cleanup " + port + "\nprogram " + port + "-ended\n";
  CHECK_THAT(project.read("trace"), Catch::EndsWith(ended));
  CHECK(await([] { return processes_mentioning("86399.25").empty(); }));
}
