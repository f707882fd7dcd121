// SPDX-License-Identifier: MIT
// Of processes there are none left, of clients very many: the daemon lives and answers, and makes
// up for what it could not do.
#include <algorithm>
#include <fstream>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using poltergeist::api::Client;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

Client connect(const TestProject& project) {
  auto client = Client::connect(project.socket());
  REQUIRE(client);
  return std::move(*client);
}

// How long each of `count` new clients waits for its answer, the quickest first.
std::vector<Clock::duration> answer_times(const TestProject& project, int count) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    auto client = connect(project);
    REQUIRE(client.call("status"));
    times.push_back(Clock::now() - begin);
  }
  std::sort(times.begin(), times.end());
  return times;
}

// A figure for people: who waits for ever for an answer fails by the guard of each call.
void tell_how_quick(const std::vector<Clock::duration>& times) {
  const auto p99 = times.at(times.size() * 99 / 100);
  WARN("p99 of status: " << std::chrono::duration_cast<std::chrono::microseconds>(p99).count()
                         << " us");
}

}  // namespace

TEST_CASE("five hundred clients that say nothing keep nobody else from being answered") {
  TestProject project;
  project.write("a.txt", "first");
  project.configure({{"targets", {TestProject::copying_target("app", "a.txt", "app")}}});
  project.haunt();
  std::vector<Client> idle;
  for (int i = 0; i < 500; ++i) idle.push_back(connect(project));
  tell_how_quick(answer_times(project, rounds(200, 10'000)));
  project.write("a.txt", "second");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.read("app") == "second");
  // Those that were idle for longest made room; the others were not forgotten.
  constexpr int kKept = 200;
  for (auto client = idle.end() - kKept; client != idle.end(); ++client) {
    REQUIRE(client->call("sync"));
  }
}

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
namespace {

// `app` is tried once, `again` several times.
struct PoorProject : TestProject {
  PoorProject() {
    write("a.txt", "first");
    write("b.txt", "first");
    auto again = TestProject::copying_target("again", "b.txt", "again");
    again["maxRetries"] = 20;
    configure({{"targets", {TestProject::copying_target("app", "a.txt", "app"), again}}});
    auto haunt = poltergeist({"haunt"});
    haunt.env["LD_PRELOAD"] = FAKE_SYSTEM_LIBRARY;
    haunt.env["FAKE_NO_PROCESSES"] = shortage().string();
    REQUIRE(run(haunt).code == 0);
    REQUIRE(run_poltergeist({"wait"}).code == 0);
  }
  [[nodiscard]] fs::path shortage() const { return root().parent_path() / "shortage"; }
};

}  // namespace

TEST_CASE("where no process can be had a build has failed and says so, and is made up for") {
  const PoorProject project;
  const auto daemon = project.daemon_pid();
  for (int i = 0; i < rounds(2, 50); ++i) {
    INFO("round " << i);
    const auto version = std::to_string(i);
    std::ofstream(project.shortage()).close();
    project.write("a.txt", "in the shortage " + version);
    project.write("b.txt", "in the shortage " + version);
    const auto waited = project.run_poltergeist({"wait", "app"});
    INFO(waited.out << waited.err);
    REQUIRE(waited.code == 1);
    REQUIRE((waited.out + waited.err).find("creating a process: Resource temporarily") !=
            std::string::npos);
    // One that is tried again is not said to have failed yet.
    REQUIRE(await([&] { return project.status()["again"]["hold"] == "retry"; }));
    if (i == 0) tell_how_quick(answer_times(project, 200));

    fs::remove(project.shortage());
    REQUIRE(await([&] { return project.read("again") == "in the shortage " + version; }));
    REQUIRE(project.run_poltergeist({"wait", "again"}).code == 0);
    REQUIRE(project.run_poltergeist({"build", "app"}).code == 0);
    REQUIRE(project.read("app") == "in the shortage " + version);
    // Nothing is left of it: an edit is built as ever.
    project.write("a.txt", "after it " + version);
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
    REQUIRE(project.read("app") == "after it " + version);
  }
  CHECK(project.daemon_pid() == daemon);
}
#endif
