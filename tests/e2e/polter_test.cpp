// SPDX-License-Identifier: MIT
// polter against a real daemon: never stale, and nothing but the program itself once it runs.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// Edits and runs, again and again; returns how often the program that ran was an old one.
int stale_runs(int seed, int count) {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho start\n");
  std::filesystem::permissions(project.write("app", ""), std::filesystem::perms::owner_all);
  auto target = TestProject::copying_target("app", "app.txt", "app");
  // What the shell does itself: no other process, a thousand times.
  target["buildCommand"] = R"({ read -r a; read -r b; echo "$a"; echo "$b"; } <app.txt >app)";
  project.configure({{"targets", {target}}});
  project.haunt();
  std::mt19937 random(static_cast<unsigned>(seed));
  int stale = 0;
  for (int round = 0; round < count; ++round) {
    const auto nonce = std::to_string(seed) + "-" + std::to_string(round);
    project.write("app.txt", "#!/bin/sh\necho " + nonce + "\n");
    // The edit is 0–50 ms old when it matters: the worst is before, in and after the quiet window.
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 51));
    const auto ran = project.run_polter({"app"});
    if (ran.code != 0 || ran.out != nonce + "\n") {
      ++stale;
      UNSCOPED_INFO("round " << round << ": " << ran.code << " " << ran.out << ran.err);
    }
  }
  return stale;
}

}  // namespace

TEST_CASE("polter right after an edit never runs the old program") {
  constexpr int kWorkers = 4;
  const int each = rounds(1'000, 10'000) / kWorkers;
  std::vector<int> stale(kWorkers, 0);
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back(
        [&, worker] { stale[static_cast<std::size_t>(worker)] = stale_runs(worker, each); });
  }
  for (auto& worker : workers) worker.join();
  CHECK(std::count(stale.begin(), stale.end(), 0) == kWorkers);
}

// What the kernel has told of is not enough: the file would be looked at half a second later.
TEST_CASE("polter runs what is written already, though its writer has not closed the file") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho old\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  CHECK(project.run_polter({"app"}).out == "old\n");
  std::ofstream writer(project.root() / "app.txt");
  writer << "#!/bin/sh\necho new\n" << std::flush;
  CHECK(project.run_polter({"app"}).out == "new\n");
}

TEST_CASE("polter does not run what failed to build, and says where the error is") {
  TestProject project;
  project.write("main.c", "int main(void) { return 7; }\n");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "gcc main.c -o app"},
                        {"outputPath", "app"},
                        {"watchPaths", {"main.c"}}}}}});
  project.haunt();
  CHECK(project.run_polter({"app"}).code == 7);
  project.write("main.c", "int main(void) { return 8 }\n");
  const auto ran = project.run_polter({"app"});
  CHECK(ran.code == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err.find("main.c:1:26: error:") != std::string::npos);
  CHECK(project.run_polter({"--force", "app"}).code == 7);
}

TEST_CASE("polter starts a daemon where there is none, unless it is told not to") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho hello\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  const auto refused = project.run_polter({"--no-start", "app"});
  CHECK(refused.code == 3);
  CHECK(refused.out.empty());
  const auto ran = project.run_polter({"app"});
  CHECK(ran.code == 0);
  CHECK(ran.out == "hello\n");
  CHECK(project.run_poltergeist({"status"}).code == 0);
}

TEST_CASE("an artifact that somebody removed is built again before it is run") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho hello\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  std::filesystem::remove(project.root() / "app");
  CHECK(project.run_polter({"app"}).out == "hello\n");
}

TEST_CASE("polter --watch restarts the program with each success, and leaves nothing behind") {
  TestProject project;
  project.write("app.txt", "#!/bin/sh\necho version one\nexec sleep 300\n");
  project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
  project.haunt();
  Program watching(project.polter({"--watch", "--restart-delay", "0", "app"}));
  REQUIRE(watching.await_output("version one"));
  project.write("app.txt", "#!/bin/sh\necho version two\nexec sleep 300\n");
  REQUIRE(watching.await_output("version two"));
  watching.signal(SIGTERM);
  CHECK(watching.await_end().shell_code() == 143);
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await([&] { return processes_mentioning(project.root().string()).empty(); },
              std::chrono::seconds(5)));
}
