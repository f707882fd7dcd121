// SPDX-License-Identifier: MIT
// What a runner promises, held against a real daemon: random histories of builds, crashes, requests
// and configurations; a storm of successes; a program that crashes all the time. In a pid
// namespace, for programs are killed by the numbers that the state says.
#include <signal.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>

#include "support/dice.h"
#include "support/own_processes.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";

// Says which version it is when it starts, and is asked to end by its trap.
std::string program(int version, const std::string& trap = "exit 0") {
  return "#!/bin/sh\ntrap '" + trap + "' INT TERM\necho " + std::to_string(version) +
         " >> started\n" + kWaits + "\n";
}

void configure(const TestProject& project, Json auto_run) {
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["buildCommand"] = "sh -n app.sh && " + target["buildCommand"].get<std::string>();
  auto_run["enabled"] = true;
  target["autoRun"] = std::move(auto_run);
  project.configure({{"watcher", {{"settlingDelay", 0}}}, {"targets", {target}}});
}

std::vector<std::string> started(const TestProject& project) {
  std::vector<std::string> versions;
  std::istringstream text(project.read("started"));
  for (std::string version; text >> version;) versions.push_back(version);
  return versions;
}

Json runner_of(const TestProject& project) {
  return project.state_of("app").value("runner", Json::object());
}

// One daemon, many histories: each begins where the one before it ended.
class Histories {
 public:
  explicit Histories(const TestProject& project) : project_(project) { succeed(); }

  // Some things happen, then it is quiet. What is wrong then; empty: nothing.
  std::string live() {
    history_.clear();
    for (int i = 3 + dice_.below(6); i > 0; --i) {
      happen();
      std::this_thread::sleep_for(std::chrono::microseconds(dice_.below(30'000)));
    }
    if (is_broken_) succeed();
    static_cast<void>(project_.run_poltergeist({"wait", "app"}));
    const bool is_right = await([&] { return is_quiet(); }, std::chrono::seconds(20));
    return is_right ? "" : history_ + "-> " + runner_of(project_).dump() + ", wanted " + last_;
  }

 private:
  void happen() {
    switch (dice_.below(9)) {
      case 0:
      case 1:
      case 2:
        return succeed();
      case 3:
        is_broken_ = true;
        history_ += "failure ";
        project_.write("app.sh", "if\n");
        return;
      case 4:
        return crash();
      case 5:
        is_wanted_ = false;
        return ask("stop");
      case 6:
        is_wanted_ = true;
        return ask("start");
      case 7:
        is_wanted_ = true;
        return ask("restart");
      default:
        return reload();
    }
  }
  void succeed() {
    is_broken_ = false;
    last_ = std::to_string(++version_);
    history_ += "success(" + last_ + ") ";
    const auto trap = dice_.one_in(4) ? ":" : "exit 0";
    project_.write("app.sh", program(version_, trap));
  }
  void crash() {
    const auto pid = runner_of(project_).value("pid", 0);
    history_ += "crash ";
    if (pid > 1) ::kill(pid, SIGKILL);
  }
  void ask(const std::string& what) {
    history_ += what + " ";
    static_cast<void>(project_.run_poltergeist({"runner", what, "app"}));
  }
  void reload() {
    constexpr std::array kDelays = {0, 1, 50, 250};
    const int delay = kDelays.at(static_cast<std::size_t>(dice_.below(kDelays.size())));
    history_ += "delay(" + std::to_string(delay) + ") ";
    configure(project_, {{"restartDelayMs", delay}, {"stopTimeoutMs", 50}});
  }
  // What runs is the newest that was built, unless it was killed since or nobody wants it.
  [[nodiscard]] bool is_quiet() const {
    const auto status = runner_of(project_).value("status", "");
    if (!is_wanted_) return status == "idle";
    // One that was killed may not have come to say which it is.
    if (status == "failed") return runner_of(project_)["generation"] == newest_build();
    const auto versions = started(project_);
    return status == "running" && !versions.empty() && versions.back() == last_;
  }

  [[nodiscard]] Json newest_build() const { return project_.state_of("app")["lastBuild"]["id"]; }

  const TestProject& project_;
  Dice dice_{20261122};
  std::string history_;
  std::string last_;
  int version_ = 0;
  bool is_broken_ = false;
  bool is_wanted_ = true;
};

}  // namespace

TEST_CASE("whatever happens to a daemon's runner in the end the newest build runs") {
  const TestProject project;
  configure(project, {{"restartDelayMs", 0}, {"stopTimeoutMs", 50}});
  Histories histories(project);
  project.haunt();
  for (int round = 0; round < rounds(5, 1'000); ++round) {
    INFO("history " << round);
    REQUIRE(histories.live() == "");
  }
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(text_of(everyone_else()) == "");
}

TEST_CASE(
    "many successes while the old program still ends are few restarts and the last one runs") {
  for (const int delay : {0, 250}) {
    INFO("delay " << delay);
    const TestProject project;
    configure(project, {{"restartDelayMs", delay}, {"stopTimeoutMs", 2000}});
    // It takes 100 ms to end.
    const std::string trap = "sleep 0.1; exit 0";
    project.write("app.sh", program(0, trap));
    project.haunt();
    REQUIRE(await([&] { return started(project).size() == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    const int successes = rounds(10, 200);
    for (int version = 1; version <= successes; ++version) {
      project.write("app.sh", program(version, trap));
      REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    }
    REQUIRE(await([&] { return started(project).back() == std::to_string(successes); }));
    const auto took =
        std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    const auto restarts = started(project).size() - 1;
    // None can be sooner than the delay and the end of the one before it.
    CHECK(restarts <= static_cast<std::size_t>(took.count() / (delay + 100) + 1));
    CHECK(project.builds_of("app") == static_cast<std::size_t>(successes) + 1);
    WARN(successes << " successes in " << took.count() << " ms, delay " << delay
                   << " ms: " << restarts << " restarts, the last of the newest");

    // A stop wins over what is pending.
    project.write("app.sh", program(-1, trap));
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
    REQUIRE(await([&] { return runner_of(project)["status"] == "idle"; }));
    const auto launches = started(project).size();
    project.write("app.sh", program(-2, trap));
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    REQUIRE(project.run_poltergeist({"stop"}).code == 0);
    CHECK(started(project).size() == launches);
  }
}

TEST_CASE("a program that crashes at once is started five times and then waits for a success") {
  const TestProject project;
  configure(project, {{"onExit", "restart"}, {"restartDelayMs", 0}});
  project.write("app.sh", "#!/bin/sh\necho 1 >> started\nexit 9\n");
  project.haunt();
  REQUIRE(await([&] {
    return project.run_poltergeist({"logs", "app", "-C", "runner"}).out.find("times within") !=
           std::string::npos;
  }));
  CHECK(started(project).size() == 5);
  CHECK(runner_of(project)["status"] == "failed");
  project.write("app.sh", program(2));
  CHECK(await([&] { return started(project).back() == "2"; }));
}

TEST_CASE("a program that cannot be started is not tried again and again") {
  for (const std::string first : {"#!/no/such/interpreter\n", "\x01\x02 no program\n"}) {
    const TestProject project;
    configure(project, {{"onExit", "restart"}});
    project.write("app.sh", first);
    auto configuration = Json::parse(project.read("poltergeist.config.json"));
    configuration["targets"][0]["buildCommand"] = "cp app.sh app && chmod +x app";
    project.configure(configuration);
    project.haunt();
    REQUIRE(await([&] { return runner_of(project)["status"] == "failed"; }));
    const auto log = project.run_poltergeist({"logs", "app", "-C", "runner"}).out;
    INFO(log);
    CHECK(runner_of(project)["restarts"] == 0);
    CHECK_THAT(log, Catch::Contains("starting "));
  }
}
