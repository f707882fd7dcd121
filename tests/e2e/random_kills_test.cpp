// SPDX-License-Identifier: MIT
// The daemon is killed, or its shepherd, or both, whatever the daemon is at. In a pid namespace:
// whoever is left is seen, whatever he did to hide.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>

#include "support/dice.h"
#include "support/own_namespace.h"
#include "support/own_processes.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::UniqueFd;
using Json = nlohmann::json;

namespace {

// Seven descendants that ignore what they are asked for; "ready" when they are there.
const std::string kHeads =
    std::string(POLTERGEIST_BINARY_DIR) +
    "/tests/process/chaos hydra 1 2 15 < /dev/null > events 2> /dev/null &\n";
const std::string kWaits = "while :; do { read line < gate; } 2> /dev/null; done\n";

// What fixtures say, a line each.
class Events {
 public:
  explicit Events(const std::filesystem::path& fifo) {
    ::mkfifo(fifo.c_str(), 0600);
    fd_ = UniqueFd(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }
  // Until that line has come; what came before it is forgotten.
  [[nodiscard]] bool await(const std::string& line) {
    while (said_.find(line + "\n") == std::string::npos) {
      pollfd ready{fd_.get(), POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kGuard).count())) != 1) {
        return false;
      }
      read_all();
    }
    said_.erase(0, said_.find(line + "\n") + line.size() + 1);
    return true;
  }
  void forget() {
    read_all();
    said_.clear();
  }

 private:
  void read_all() {
    std::array<char, 4096> bytes;
    for (ssize_t count = 0; (count = ::read(fd_.get(), bytes.data(), bytes.size())) > 0;) {
      said_.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }

  UniqueFd fd_;
  std::string said_;
};

// What a daemon can be at.
enum class Moment { Beginning, Building, InDelay, Stopping, Launching, Running };
constexpr int kMoments = 6;

Moment moment_of(int round) {
  return static_cast<Moment>(round % kMoments);
}

// One project and many daemons, each of which somebody is going to kill.
class Scene {
 public:
  Scene() : events_(project_.root() / "events") {
    ::mkfifo((project_.root() / "gate").c_str(), 0600);
  }
  const TestProject& project() const { return project_; }

  // A daemon that is at that, for a moment that nobody chose. Without cgroups and with them, by
  // turns.
  Program daemon_at(Moment moment) {
    no_cgroups_.reset();
    if (version_ / kMoments % 2 == 0) no_cgroups_.emplace("/sys/fs/cgroup", "64k");
    ++version_;
    const bool has_time = moment == Moment::Stopping || moment == Moment::Launching;
    configure(true, moment == Moment::InDelay ? kForEver : 0, has_time ? kForEver : 0);
    project_.write("build.sh", "");
    project_.write("app.sh", old_program(moment));
    events_.forget();
    auto call = project_.poltergeist({"haunt", "--foreground"});
    call.before_exec = [] {
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_CORE, &none);
    };
    Program daemon(call);
    if (moment == Moment::Beginning) {
      pass(150'000);
    } else {
      bring_to(moment);
    }
    return daemon;
  }
  // A daemon whose target is built and has no program.
  void haunt_without_program() {
    configure(false, 0, 0);
    project_.write("build.sh", "");
    REQUIRE(project_.run_poltergeist({"haunt"}).code == 0);
  }
  // Something more that a daemon has started.
  void start_task() {
    events_.forget();
    const auto started = project_.run_poltergeist({"exec", "--detach", "task"});
    INFO(started.out << started.err);
    REQUIRE(started.code == 0);
    REQUIRE(events_.await("ready"));
  }
  void pass(int at_most_us) {
    std::this_thread::sleep_for(std::chrono::microseconds(dice_.below(at_most_us)));
  }

 private:
  static constexpr int kForEver = 600'000;

  void configure(bool has_program, int delay_ms, int stop_timeout_ms) const {
    auto app = TestProject::copying_target("app", "app.sh", "app");
    app["buildCommand"] =
        "sh build.sh && " + app["buildCommand"].get<std::string>() + " && echo built > events";
    app["autoRun"] = {
        {"enabled", has_program}, {"restartDelayMs", delay_ms}, {"stopTimeoutMs", stop_timeout_ms}};
    project_.write("task.sh", kHeads + kWaits);
    project_.configure(
        {{"watcher", {{"settlingDelay", 0}}},
         {"targets", {app}},
         {"tasks", {{{"name", "task"}, {"command", "sh task.sh"}, {"shell", true}}}}});
  }
  // Says "ready" when it is up, also where it has no descendants.
  [[nodiscard]] std::string old_program(Moment moment) const {
    const std::string begin = "#!/bin/sh\n# " + std::to_string(version_) + "\n";
    if (moment == Moment::Launching) {
      return begin + "trap 'echo ends > events; exit 0' INT TERM\necho ready > events\n" + kWaits;
    }
    return begin + "trap 'echo told > events' INT TERM\n" + kHeads + kWaits;
  }
  void bring_to(Moment moment) {
    REQUIRE(events_.await("ready"));
    if (moment == Moment::Running) return pass(20'000);
    if (moment == Moment::Building) project_.write("build.sh", kHeads + kWaits);
    project_.write("app.sh",
                   "#!/bin/sh\n# newer than " + std::to_string(version_) + "\n" + kHeads + kWaits);
    static const std::map<Moment, std::string> kSigns = {{Moment::Building, "ready"},
                                                         {Moment::InDelay, "built"},
                                                         {Moment::Stopping, "told"},
                                                         {Moment::Launching, "ends"}};
    REQUIRE(events_.await(kSigns.at(moment)));
    pass(moment == Moment::Launching ? 5'000 : 20'000);
  }

  std::optional<SmallDisk> no_cgroups_;
  TestProject project_;
  Events events_;
  Dice dice_{20261123};
  int version_ = 0;
};

void check_that_nothing_is_left(const Scene& scene) {
  const bool is_alone = await([] { return everyone_else().empty() && zombies().empty(); });
  INFO(text_of(everyone_else()));
  REQUIRE(is_alone);
  const auto said = scene.project().run_poltergeist({"status", "--json"});
  REQUIRE(said.code == 3);
  const auto app = Json::parse(said.out).at("app");
  INFO(app.dump());
  if (app.contains("lastBuild")) CHECK(app["lastBuild"]["status"] != "building");
  if (app.contains("runner")) {
    CHECK_FALSE(app["runner"].contains("pid"));
    const auto status = app["runner"]["status"].get<std::string>();
    CHECK((status == "idle" || status == "failed" || status == "completed"));
  }
}

bool has_shepherd_but(const Program& daemon, pid_t killed) {
  return await([&] {
    const auto shepherds = shepherds_of(daemon.pid());
    return shepherds.size() == 1 && shepherds.front() != killed;
  });
}

pid_t await_shepherd(const Program& daemon) {
  REQUIRE(has_shepherd_but(daemon, 0));
  return shepherds_of(daemon.pid()).front();
}

}  // namespace

TEST_CASE("nothing of a daemon that is killed lives on whatever it was at") {
  Scene scene;
  const int count = rounds(kMoments, 500);
  for (int round = 0; round < count; ++round) {
    INFO("round " << round);
    auto daemon = scene.daemon_at(moment_of(round));
    daemon.signal(round % 5 == 4 ? SIGSEGV : SIGKILL);
    static_cast<void>(daemon.await_end());
    check_that_nothing_is_left(scene);
  }
  WARN(count << " kills of a daemon at " << kMoments << " moments: 0 processes left");
}

TEST_CASE("a daemon whose shepherd is killed goes on with another one whatever it was at") {
  Scene scene;
  const int count = rounds(kMoments, 200);
  for (int round = 0; round < count; ++round) {
    INFO("round " << round);
    auto daemon = scene.daemon_at(moment_of(round));
    const auto killed = await_shepherd(daemon);
    ::kill(killed, SIGKILL);
    REQUIRE(has_shepherd_but(daemon, killed));
    CHECK(await([] { return zombies().empty(); }));
    REQUIRE(await([&] { return scene.project().run_poltergeist({"status"}).code == 0; }));
    scene.start_task();
    daemon.signal(SIGKILL);
    static_cast<void>(daemon.await_end());
    check_that_nothing_is_left(scene);
  }
  WARN(count << " kills of a shepherd at " << kMoments << " moments: 0 processes left");
}

TEST_CASE("what a daemon left that was killed with its shepherd whatever it was at the next ends") {
  Scene scene;
  const int count = rounds(kMoments, 100);
  std::size_t most = 0;
  for (int round = 0; round < count; ++round) {
    INFO("round " << round);
    auto daemon = scene.daemon_at(moment_of(round));
    daemon.signal(SIGSTOP);  // it would replace the shepherd
    REQUIRE(await([&] { return state_of(daemon.pid()) == 'T'; }));
    for (const auto pid : shepherds_of(daemon.pid())) ::kill(pid, SIGKILL);
    daemon.signal(SIGKILL);
    static_cast<void>(daemon.await_end());
    most = std::max(most, everyone_else().size());
    scene.haunt_without_program();
    const auto next = scene.project().daemon_pid();
    const bool is_alone = await([&] {
      const auto others = everyone_else();
      return others.size() == 2 && std::all_of(others.begin(), others.end(), [&](const auto& one) {
               return one.pid == next || shepherds_of(next) == std::vector{one.pid};
             });
    });
    INFO(text_of(everyone_else()));
    REQUIRE(is_alone);
    CHECK_FALSE(scene.project().state_of("app").value("runner", Json::object()).contains("pid"));
    REQUIRE(scene.project().run_poltergeist({"stop"}).code == 0);
    check_that_nothing_is_left(scene);
  }
  CHECK(most > 0);
  WARN(count << " kills of both at " << kMoments << " moments, up to " << most
             << " processes left to the next daemon: 0 left by it");
}
