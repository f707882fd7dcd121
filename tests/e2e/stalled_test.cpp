// SPDX-License-Identifier: MIT
// A build that nothing limits and that does nothing any more is said to be stalled. The monotonic
// clock of the daemon is put forward, so that nobody waits for five minutes.
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

// A preloaded library comes before the sanitizer's and is refused by it.
#if !defined(__SANITIZE_ADDRESS__)

namespace {

constexpr int kFiveMinutes = 301;

std::string waits_at(const std::string& gate) {
  return "{ read line < " + gate + "; } 2> /dev/null";
}

Json target(const std::string& name, const std::string& line) {
  return {{"name", name}, {"type", "custom"}, {"buildCommand", line}, {"watchPaths", {"a"}}};
}

struct Waiting {
  TestProject project;
  fs::path clock = project.state_dir().parent_path() / "clock";

  Waiting() {
    project.env["LD_PRELOAD"] = FAKE_SYSTEM_LIBRARY;
    project.env["FAKE_STEADY"] = clock.string();
    project.write("a", "");
    for (const auto* gate : {"gate", "gate2"}) {
      REQUIRE(::mkfifo((project.root() / gate).c_str(), 0600) == 0);
    }
  }

  void begin(const Json& targets) const {
    project.configure({{"targets", targets}});
    REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  }
  // All who ask for the time from now on find it so much later.
  void pass(int seconds) const {
    std::ofstream(clock.string() + ".new") << seconds;
    fs::rename(clock.string() + ".new", clock);
  }
  [[nodiscard]] bool is_stalled(const std::string& name) const {
    return project.status()[name]["lastBuild"].contains("stalledSince");
  }
  [[nodiscard]] std::vector<bool> events_of(const std::string& name) const {
    std::vector<bool> told;
    std::istringstream lines(
        project.run_poltergeist({"events", "target:" + name, "--since", "0", "--json"}).out);
    for (std::string line; std::getline(lines, line);) {
      const auto event = Json::parse(line);
      if (event["type"] == "build_stalled") told.push_back(event["data"]["stalled"]);
    }
    return told;
  }
  void open(const std::string& gate) const { std::ofstream(project.root() / gate).close(); }
};

}  // namespace

TEST_CASE("a build that neither prints nor works for five minutes is said to be stalled") {
  Waiting given;
  given.begin(Json::array({target("app", "printf begun; touch printed; " + waits_at("gate") +
                                             "; printf more; " + waits_at("gate2") + "; echo")}));
  REQUIRE(await([&] { return fs::exists(given.project.root() / "printed"); }));
  // What was printed before this is asked has been read when it is answered.
  CHECK_FALSE(given.is_stalled("app"));

  given.pass(kFiveMinutes);
  REQUIRE(await([&] { return given.is_stalled("app"); }));
  CHECK(given.project.state_of("app")["lastBuild"].contains("stalledSince"));
  CHECK(given.project.run_poltergeist({"status"}).out.find("stalled: nothing printed") !=
        std::string::npos);
  CHECK(given.events_of("app") == std::vector<bool>{true});

  given.open("gate");  // it prints, though no whole line
  REQUIRE(await([&] { return !given.is_stalled("app"); }));
  CHECK(given.project.status()["app"]["status"] == "building");
  CHECK(given.events_of("app") == std::vector<bool>{true, false});

  given.pass(2 * kFiveMinutes);
  REQUIRE(await([&] { return given.is_stalled("app"); }));
  given.open("gate2");
  REQUIRE(given.project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK_FALSE(given.is_stalled("app"));
  CHECK(given.events_of("app") == std::vector<bool>{true, false, true, false});
}

TEST_CASE("a build that works in silence is not stalled until it does nothing either") {
  Waiting given;
  // The kernel ends it when it has used two seconds.
  given.begin(
      {target("busy",
              "{ sh -c 'ulimit -S -t 2; while :; do :; done'; } 2> /dev/null; touch worked; " +
                  waits_at("gate")),
       target("idle", waits_at("gate2"))});
  REQUIRE(await([&] { return fs::exists(given.project.root() / "worked"); }));
  given.pass(kFiveMinutes);
  REQUIRE(await([&] { return given.is_stalled("idle"); }));
  CHECK_FALSE(given.is_stalled("busy"));
  int passed = kFiveMinutes;
  REQUIRE(await([&] {
    given.pass(passed += kFiveMinutes);
    return given.is_stalled("busy");
  }));
  CHECK(given.events_of("busy") == std::vector<bool>{true});
}

TEST_CASE("a build with a time limit is not said to be stalled") {
  Waiting given;
  auto limited = target("limited", waits_at("gate"));
  limited["timeoutSeconds"] = 100 * kFiveMinutes;
  given.begin({limited, target("idle", waits_at("gate2"))});
  REQUIRE(await([&] {
    const auto status = given.project.status();
    return status["limited"]["status"] == "building" && status["idle"]["status"] == "building";
  }));
  given.pass(kFiveMinutes);
  REQUIRE(await([&] { return given.is_stalled("idle"); }));
  CHECK_FALSE(given.is_stalled("limited"));
  CHECK(given.events_of("limited").empty());
}

#endif
