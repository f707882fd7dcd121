// SPDX-License-Identifier: MIT
// A daemon that dies at any moment leaves files that can be read and say nothing false, and the
// next one goes on from them.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

Json two_targets() {
  auto two = TestProject::copying_target("two", "b.txt", "two");
  two["buildCommand"] = "grep -q good b.txt && " + two["buildCommand"].get<std::string>();
  return {{"targets", {TestProject::copying_target("one", "a.txt", "one"), two}}};
}

// A daemon in the foreground, and what is done to it, step by step, until it is dead.
class Session {
 public:
  Session() {
    project.write("a.txt", "a0");
    project.write("b.txt", "good");
    project.configure(two_targets());
    std::ofstream(project.state_dir() / "somebody.tmp") << "not ours";
  }

  // With `env` over the daemon's environment alone.
  void start(const std::map<std::string, std::string>& env = {}) {
    auto call = project.poltergeist({"haunt", "--foreground"});
    for (const auto& [name, value] : env) call.env[name] = value;
    daemon_.emplace(call);
    REQUIRE(await([&] { return !lives() || project.run_poltergeist({"status"}).code != 3; }));
  }
  [[nodiscard]] bool lives() const { return is_alive(daemon_->pid()); }
  void kill() const { daemon_->signal(SIGKILL); }
  poltergeist::Exit await_end() { return daemon_->await_end(); }

  static constexpr int kSteps = 8;
  // Without waiting for what comes of it.
  void begin_step(int step) const {
    switch (step) {
      case 0:
      case 2:
        project.write("a.txt", "a" + std::to_string(step + 1));
        break;
      case 1:
        project.write("b.txt", "bad");
        break;
      case 3:
        project.write("b.txt", "good again");
        break;
      case 4:
        project.run_poltergeist({"pause"});
        break;
      case 5:
        project.run_poltergeist({"resume"});
        break;
      case 6: {
        auto configuration = two_targets();
        configuration["targets"].push_back(TestProject::copying_target("three", "a.txt", "three"));
        project.configure(configuration);
        break;
      }
      default:
        project.configure(two_targets());
        break;
    }
  }
  void step(int number) const {
    begin_step(number);
    project.run_poltergeist({"wait"});
  }

  // All that must hold once the daemon is dead.
  void check_what_is_left() const {
    for (const auto& entry : fs::directory_iterator(project.state_dir())) {
      const auto extension = entry.path().extension();
      if (extension != ".state" && extension != ".json") continue;
      std::ifstream stream(entry.path());
      INFO(entry.path());
      CHECK(Json::accept(stream));
    }
    const auto status = project.run_poltergeist({"status", "--json"});
    CHECK(status.code == 3);
    CHECK(Json::accept(status.out));
    CHECK(status.out.find("building") == std::string::npos);
  }
  // The next daemon knows what is to be done, and takes away what the other left lying about.
  void check_that_the_next_goes_on() {
    project.write("b.txt", "good at last");
    start();
    project.run_poltergeist({"resume"});
    const auto waited = project.run_poltergeist({"wait"});
    INFO(waited.out << waited.err);
    CHECK(waited.code == 0);
    CHECK(project.read("one") == project.read("a.txt"));
    CHECK(project.read("two") == "good at last");
    CHECK(project.run_poltergeist({"stop"}).code == 0);
    int temporaries = 0;
    for (const auto& entry : fs::directory_iterator(project.state_dir())) {
      temporaries += entry.path().extension() == ".tmp" ? 1 : 0;
    }
    CHECK(temporaries == 1);  // somebody's
  }

  TestProject project;

 private:
  std::optional<Program> daemon_;
};

}  // namespace

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
namespace {

// False if it came to its end without having written that often.
bool dies_before_write(int number) {
  Session session;
  INFO("killed before write " << number);
  session.start({{"LD_PRELOAD", FAKE_SYSTEM_LIBRARY},
                 {"FAKE_DEATH_BELOW", session.project.root().parent_path().string()},
                 {"FAKE_DEATH_AT", std::to_string(number)}});
  for (int step = 0; step < Session::kSteps && session.lives(); ++step) session.step(step);
  session.project.run_poltergeist({"stop"});
  if (session.await_end() != poltergeist::Exit::by_signal(SIGKILL)) return false;
  session.check_what_is_left();
  session.check_that_the_next_goes_on();
  return true;
}

}  // namespace

TEST_CASE(
    "a daemon may be killed before anything that it writes, and nothing is torn or forgotten") {
  // All of them in the long runs; a prime, so that no kind of write is left out always.
  const int stride = 37 / rounds(1, 37);
  int number = 1;
  while (dies_before_write(number)) number += stride;
  CHECK(number > 3 * stride);
}
#endif

TEST_CASE("a daemon may be killed at any moment, and nothing is torn or forgotten") {
  std::mt19937 random(7);
  for (int round = 0; round < rounds(8, 500); ++round) {
    Session session;
    session.start();
    const int last = static_cast<int>(random() % Session::kSteps);
    for (int step = 0; step < last; ++step) session.step(step);
    session.begin_step(last);
    // Somewhere in what follows: the window, the build, the writing of its end.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    session.kill();
    session.await_end();
    INFO("round " << round << ", killed in step " << last);
    session.check_what_is_left();
    session.check_that_the_next_goes_on();
  }
}

TEST_CASE("a killed daemon's build is not said to be running") {
  TestProject project;
  project.write("a.txt", "a");
  const auto gate = project.root() / "gate";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto target = TestProject::copying_target("one", "a.txt", "one");
  target["buildCommand"] = "read line < gate";
  project.configure({{"targets", {target}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] { return project.state_of("one")["lastBuild"]["status"] == "building"; }));
  ::kill(project.daemon_pid(), SIGKILL);
  REQUIRE(await([&] { return project.run_poltergeist({"status"}).code == 3; }));
  CHECK(project.run_poltergeist({"status"}).out.find("building") == std::string::npos);
  CHECK(project.run_poltergeist({"status", "--json"}).out.find("building") == std::string::npos);
}
