// SPDX-License-Identifier: MIT
// A daemon that is stopped (Ctrl+Z, SIGSTOP) does not answer: everybody says so, nobody waits for
// ever, nobody takes it for dead, and when it goes on all is as it was.
#include <signal.h>
#include <sys/stat.h>

#include <vector>

#include <catch2/catch.hpp>

#include "support/test_project.h"
#include "sys/unix_socket.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Stopped {
  TestProject project;
  pid_t daemon = 0;

  Stopped() {
    project.write("a.txt", "#!/bin/sh\necho a\n");
    auto target = TestProject::copying_target("app", "a.txt", "app");
    project.configure({{"targets", {target}},
                       {"tasks", {{{"name", "task"}, {"command", "true"}, {"shell", true}}}}});
    project.haunt();
    daemon = project.daemon_pid();
    REQUIRE(::kill(daemon, SIGSTOP) == 0);
    REQUIRE(await([&] { return state_of(daemon) == 'T'; }));
  }
  ~Stopped() { ::kill(daemon, SIGCONT); }

  [[nodiscard]] bool is_said_in(const std::string& text) const {
    return text.find("the daemon (pid " + std::to_string(daemon) + ") does not answer") !=
               std::string::npos &&
           text.find("kill -CONT " + std::to_string(daemon)) != std::string::npos;
  }
  [[nodiscard]] std::string state_file() const { return project.state_of("app").dump(); }
};

}  // namespace

TEST_CASE("whoever asks a stopped daemon is told that it does not answer") {
  const Stopped given;
  const auto before = given.state_file();
  const std::vector<std::vector<std::string>> calls = {{"wait"},
                                                       {"wait", "app", "--json"},
                                                       {"build", "app"},
                                                       {"stop"},
                                                       {"haunt"},
                                                       {"restart"},
                                                       {"pause"},
                                                       {"runner", "status", "app"},
                                                       {"events"},
                                                       {"events", "--follow"},
                                                       {"health"},
                                                       {"why", "app"},
                                                       {"exec", "--detach", "task"},
                                                       {"haunt", "--foreground"}};
  for (const auto& call : calls) {
    const auto ran = given.project.run_poltergeist(call);
    INFO(call.front() << ": " << ran.out << ran.err);
    CHECK(ran.code == 3);
    CHECK(given.is_said_in(ran.err));
  }
  const std::vector<std::vector<std::string>> runs = {{"app"}, {"app", "--watch"}};
  for (const auto& call : runs) {
    const auto ran = given.project.run_polter(call);
    INFO(ran.err);
    CHECK(ran.code == 3);
    CHECK(given.is_said_in(ran.err));
  }
  CHECK(given.state_file() == before);
  CHECK(given.project.daemon_pid() == given.daemon);

  REQUIRE(::kill(given.daemon, SIGCONT) == 0);
  CHECK(given.project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(given.project.daemon_pid() == given.daemon);
  CHECK(given.project.builds_of("app") == 1);
}

TEST_CASE("status of a stopped daemon is the last that was known and says so") {
  const Stopped given;
  const auto ran = given.project.run_poltergeist({"status"});
  CHECK(ran.code == 3);
  CHECK(given.is_said_in(ran.err));
  CHECK(ran.out.find("pid " + std::to_string(given.daemon) + ", does not answer") !=
        std::string::npos);
  CHECK(ran.out.find("app     built") != std::string::npos);

  const auto json = given.project.run_poltergeist({"status", "--json"});
  CHECK(json.code == 3);
  const auto document = Json::parse(json.out);
  CHECK(document["_daemon"] == Json{{"answers", false}, {"pid", given.daemon}});
  CHECK(document["app"]["lastBuild"]["status"] == "success");
  CHECK(document["app"]["process"]["isActive"] == true);
}

TEST_CASE("a build of a stopped daemon has not failed for that") {
  TestProject project;
  REQUIRE(::mkfifo((project.root() / "gate").c_str(), 0600) == 0);
  auto target = TestProject::copying_target("app", "a.txt", "app");
  project.write("a.txt", "a");
  target["buildCommand"] =
      "{ read line < gate; } 2> /dev/null; " + target["buildCommand"].get<std::string>();
  project.configure({{"targets", {target}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] { return project.status()["app"]["status"] == "building"; }));
  const auto daemon = project.daemon_pid();
  REQUIRE(::kill(daemon, SIGSTOP) == 0);
  REQUIRE(await([&] { return state_of(daemon) == 'T'; }));
  const auto json = project.run_poltergeist({"status", "--json"});
  REQUIRE(::kill(daemon, SIGCONT) == 0);
  CHECK(json.code == 3);
  CHECK(Json::parse(json.out)["app"]["lastBuild"]["status"] == "building");
}

TEST_CASE("nobody waits to be let in by a stopped daemon") {
  const Stopped given;
  std::vector<poltergeist::UniqueFd> others;
  while (auto connection = poltergeist::connect_at_once(given.project.socket())) {
    others.push_back(std::move(*connection));
  }
  const auto status = given.project.run_poltergeist({"status"});
  CHECK(status.code == 3);
  CHECK(given.is_said_in(status.err));
  const auto polter = given.project.run_polter({"app", "--no-start"});
  CHECK(polter.code == 3);
  CHECK(polter.err.find("does not answer") != std::string::npos);
}
