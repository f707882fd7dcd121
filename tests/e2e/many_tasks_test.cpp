// SPDX-License-Identifier: MIT
// Tasks by the thousand, and output by the gigabyte: what a daemon takes does not grow with them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "base/text.h"
#include "support/rounds.h"
#include "support/test_project.h"

using poltergeist::api::Client;
using poltergeist::test::rounds;
using poltergeist::test::TestProject;
using Json = nlohmann::json;

namespace {

namespace fs = std::filesystem;

constexpr int kAtOnce = 8;

// A figure of /proc/PID/status, in KiB.
long status_of(pid_t pid, const std::string& key) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  }
  return 0;
}

std::size_t descriptors_of(pid_t pid) {
  const fs::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Submits so many and waits for all of them; each must succeed.
void execute_all(Client& client, int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) {
    const auto accepted = client.call("exec.submit", {{"task", "it"}});
    REQUIRE(accepted);
    numbers.push_back(accepted->at("id").get<int>());
  }
  for (const auto id : numbers) {
    const auto ended = client.call("exec.wait", {{"id", id}});
    REQUIRE(ended);
    REQUIRE(ended->at("outcome") == "success");
  }
  CHECK(std::set<int>(numbers.begin(), numbers.end()).size() == numbers.size());
}

// Prints so many bytes, in lines of which most characters take three.
std::string printing(std::uint64_t bytes) {
  std::string line;
  for (int i = 0; i < 33; ++i) line += "€";
  return "yes '" + line + "' | head -c " + std::to_string(bytes);
}

}  // namespace

TEST_CASE("thousands of tasks leave nothing behind, and no more execute at once than may") {
  const TestProject project;
  // Each counts who is there beside it, and leaves a line.
  const std::string line =
      ": > here.$POLTERGEIST_TASK_ID; set -- here.*; echo $# >> counts; "
      "rm here.$POLTERGEIST_TASK_ID; echo $POLTERGEIST_TASK_ID >> done";
  project.configure({{"targets", Json::array()},
                     {"worker", {{"concurrency", kAtOnce}}},
                     {"tasks", {{{"name", "it"}, {"command", line}, {"shell", true}}}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  const auto daemon = project.daemon_pid();
  const int count = rounds(300, 10'000);
  execute_all(*client, 200);  // from here on the database's pages and the like are there
  const auto memory = status_of(daemon, "VmRSS");
  const auto descriptors = descriptors_of(daemon);
  execute_all(*client, count);
  CHECK(descriptors_of(daemon) == descriptors);
  CHECK(poltergeist::test::children_of(daemon) == poltergeist::test::shepherds_of(daemon));
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what is freed
  constexpr long kMostGrowth = 4096;
  CHECK(status_of(daemon, "VmRSS") < memory + kMostGrowth);
#else
  static_cast<void>(memory);
#endif
  std::ifstream counts(project.root() / "counts");
  int most = 0;
  for (int seen = 0; counts >> seen;) most = std::max(most, seen);
  CHECK(most <= kAtOnce);
  std::ifstream done(project.root() / "done");
  std::multiset<int> each;
  for (int id = 0; done >> id;) each.insert(id);
  CHECK(each.size() == static_cast<std::size_t>(200 + count));
  CHECK(std::set<int>(each.begin(), each.end()).size() == each.size());
}

TEST_CASE("of output without end a bounded part is kept, and it is text") {
  const TestProject project;
  // 3 MiB, and 10 GB in full.
  const auto bytes = static_cast<std::uint64_t>(rounds(3, 10'000)) << 20U;
  project.configure({{"targets", Json::array()},
                     {"tasks",
                      {{{"name", "it"}, {"command", printing(bytes)}, {"shell", true}},
                       {{"name", "small"}, {"command", "echo small"}, {"shell", true}}}}});
  project.haunt();
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  const auto daemon = project.daemon_pid();
  const auto idle = status_of(daemon, "VmRSS");
  const auto accepted = client->call("exec.submit", {{"task", "it"}});
  REQUIRE(accepted);
  const auto id = std::to_string(accepted->at("id").get<int>());
  REQUIRE(client->call("exec.wait", {{"id", accepted->at("id")}}));
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what is freed
  constexpr long kMostOverIdle = 16 * 1024;
  CHECK(status_of(daemon, "VmHWM") < idle + kMostOverIdle);
#else
  static_cast<void>(idle);
#endif
  const auto ran = project.run_poltergeist({"task", "show", id, "--json"});
  const auto result = Json::parse(ran.out)["result"];
  const auto text = result["stdout"].get<std::string>();
  CHECK(result["outcome"] == "success");
  CHECK(result["truncated"]["stdout"] == true);
  CHECK(text.find(" bytes left out ...]\n") != std::string::npos);
  CHECK(text.size() <= std::size_t{1024} * 1024);
  CHECK(text.size() > std::size_t{1000} * 1024);
  CHECK(poltergeist::to_utf8(text) == text);
}
