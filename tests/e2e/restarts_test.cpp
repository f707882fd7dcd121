// SPDX-License-Identifier: MIT
// A program is restarted again and again, with descendants that do what they can to stay. It holds
// a lock and a port, and says whether somebody had them when it began. In a pid namespace: whoever
// is left is seen, whatever he did to hide.
#include <algorithm>
#include <array>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/own_processes.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kChaos = POLTERGEIST_BINARY_DIR "/tests/process/chaos";
// What the program does when it is told to end: see `server` in tests/process/chaos.cpp.
constexpr std::array kWays = {"obeys", "ignores", "slow", "exits", "stops"};
// Of the programs that a restart is, all but those that obey take this time.
constexpr int kStopTimeoutMs = 20;

std::string mark_of(int version) {
  return "version-" + std::to_string(version);
}

// Each way with a shell in front that becomes the program, and with one that stays.
std::string script_for(int version) {
  const auto* way = kWays.at(static_cast<std::size_t>(version) % kWays.size());
  const bool shell_stays = version / static_cast<int>(kWays.size()) % 2 == 1;
  const auto call = std::string(kChaos) + " server events lock $1 " + mark_of(version) + " " + way;
  return "#!/bin/sh\n" + (shell_stays ? call + "; true\n" : "exec " + call + "\n");
}

Json configuration(bool enabled) {
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["autoRun"] = {{"enabled", enabled},
                       {"args", {"{port}"}},
                       {"restartDelayMs", 0},
                       {"stopTimeoutMs", kStopTimeoutMs}};
  return {{"watcher", {{"settlingDelay", 0}}}, {"targets", {target}}};
}

// What the programs said: "version-N PORT" when one is up, OVERLAP and EADDRINUSE.
std::vector<std::string> events_of(const TestProject& project) {
  std::istringstream text(project.read("events"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

bool is_up(const TestProject& project, int version) {
  return await([&] {
    const auto events = events_of(project);
    return std::any_of(events.begin(), events.end(), [&](const std::string& line) {
      return line.starts_with(mark_of(version) + " ");
    });
  });
}

// Whoever is of a program, but not of that of this version.
std::vector<OtherProcess> of_other_versions(int version) {
  auto all = everyone_else();
  std::erase_if(all, [&](const OtherProcess& process) {
    return process.command.find("version-") == std::string::npos ||
           process.command.find(mark_of(version) + " ") != std::string::npos;
  });
  return all;
}

void restart_again_and_again(const TestProject& project, int times) {
  std::size_t most = 0;
  for (int version = 0; version <= times; ++version) {
    INFO(mark_of(version));
    project.write("app.sh", script_for(version));
    if (version == 0) project.haunt();
    REQUIRE(is_up(project, version));
    const auto left = of_other_versions(version);
    INFO(text_of(left));
    REQUIRE(left.empty());
    most = std::max(most, everyone_else().size());
  }
  const auto events = events_of(project);
  CHECK(std::count(events.begin(), events.end(), "OVERLAP") == 0);
  CHECK(std::count(events.begin(), events.end(), "EADDRINUSE") == 0);
  REQUIRE(events.size() == static_cast<std::size_t>(times) + 1);
  // The port is the same each time: that it is in use would be seen.
  const auto port = events.front().substr(events.front().find(' '));
  CHECK(std::all_of(events.begin(), events.end(),
                    [&](const std::string& line) { return line.ends_with(port); }));
  WARN(times << " restarts, " << most << " processes at most: 0 left, 0 overlaps, 0 EADDRINUSE");
}

}  // namespace

TEST_CASE("nothing of an old program is left when the new one begins however it tries to stay") {
  const TestProject project;
  project.configure(configuration(true));
  restart_again_and_again(project, rounds(15, 1'000));

  REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  REQUIRE(await([&] { return project.state_of("app")["runner"]["status"] == "idle"; }));
  CHECK(text_of(of_other_versions(-1)) == "");
  CHECK(await([] { return zombies().empty(); }));
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(text_of(everyone_else()) == "");
}

TEST_CASE("the stop of a daemon leaves nothing of a program that tries to stay") {
  const TestProject project;
  project.configure(configuration(true));
  for (int version = 0; version < static_cast<int>(2 * kWays.size()); ++version) {
    INFO(mark_of(version));
    project.write("app.sh", script_for(version));
    project.haunt();
    REQUIRE(is_up(project, version));
    REQUIRE(project.run_poltergeist({"stop"}).code == 0);
    CHECK(text_of(everyone_else()) == "");
  }
}
