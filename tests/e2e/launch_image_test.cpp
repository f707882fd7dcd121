// SPDX-License-Identifier: MIT
// What runs is a copy of what was built: builds write where they like, and nothing half is started.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/stamped_program.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// In place, piece by piece, as a linker that maps its output.
constexpr const char* kSlowly =
    "echo built >> app.builds && : > app && i=0 && "
    "while dd if=app.src of=app bs=16k count=1 skip=$i seek=$i conv=notrunc status=none && "
    "test $((i * 16384)) -lt $(wc -c < app.src); do i=$((i + 1)); done && chmod +x app";
constexpr const char* kInPlace = "echo built >> app.builds && cat app.src > app && chmod +x app";

Json with_program(const std::string& command, Json auto_run) {
  auto_run["enabled"] = true;
  auto_run.emplace("restartDelayMs", 0);
  return {{"targets",
           {{{"name", "app"},
             {"type", "executable"},
             {"buildCommand", command},
             {"outputPath", "app"},
             {"watchPaths", {"app.src", "command"}},
             {"autoRun", std::move(auto_run)}}}}};
}

std::string stamped(const std::string& version, const std::string& deed = "stay") {
  return stamped_program(version, deed);
}

// As an editor saves.
void save_source(const TestProject& project, const std::string& text) {
  project.write("app.new", text);
  std::filesystem::rename(project.root() / "app.new", project.root() / "app.src");
}

bool image_runs(const TestProject& project, const std::string& version) {
  return await([&] {
    const auto alive = project.read("alive");
    return alive.ends_with(version + "\n") && alive.size() >= version.size() + 1;
  });
}

pid_t pid_of(const TestProject& project) {
  return project.status()["app"]["runner"]["pid"].get<pid_t>();
}

std::string runner_log(const TestProject& project) {
  return project.run_poltergeist({"logs", "app", "-C", "runner", "-n", "1000"}).out;
}

}  // namespace

TEST_CASE("a build that writes in place meets no busy file and nothing half is ever started") {
  TestProject project;
  project.configure(with_program(kSlowly, {}));
  save_source(project, stamped("v0"));
  project.haunt();
  REQUIRE(image_runs(project, "v0"));
  const int count = rounds(20, 2000);
  for (int round = 1; round <= count; ++round) {
    const auto next = "v" + std::to_string(round);
    save_source(project, stamped(next));
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    // Of every third the program is awaited; the others are overwritten while it is restarted.
    if (round % 3 == 0) REQUIRE(image_runs(project, next));
  }
  REQUIRE(image_runs(project, "v" + std::to_string(count)));
  CHECK(project.read("alive").find("partial") == std::string::npos);
}

TEST_CASE("a program runs on untouched while its file is overwritten and goes by its name") {
  TestProject project;
  project.configure(with_program(kInPlace, {}));
  save_source(project, stamped("v1"));
  project.haunt();
  REQUIRE(image_runs(project, "v1"));
  const auto pid = pid_of(project);
  CHECK(name_of(pid) == "app");
  project.write("app", "half of something");
  REQUIRE(project.read("app") == "half of something");
  CHECK(is_alive(pid));
  CHECK(project.builds_of("app") == 1);
  // Also when it is started again: nothing newer was built.
  REQUIRE(project.run_poltergeist({"runner", "restart", "app"}).code == 0);
  REQUIRE(await([&] { return project.read("alive") == "v1\nv1\n"; }));
  CHECK(runner_log(project).find("error") == std::string::npos);
}

TEST_CASE("what was built runs though the next build overwrites and fails before the restart") {
  TestProject project;
  project.configure(with_program("sh ./command", {{"restartDelayMs", 1500}}));
  project.write("command", kInPlace);
  save_source(project, stamped("v1"));
  project.haunt();
  REQUIRE(image_runs(project, "v1"));
  save_source(project, stamped("v2"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  project.write("command", ": > app; exit 1");
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 1);
  REQUIRE(image_runs(project, "v2"));
  CHECK(project.read("alive") == "v1\nv2\n");
}

TEST_CASE("an image in a directory that is watched sets nothing off and leaves nothing there") {
  TestProject project;
  auto with_image = with_program(kInPlace, {});
  with_image["targets"][0]["buildCommand"] =
      "echo built >> app.builds && cat app.src > out/app && chmod +x out/app";
  with_image["targets"][0]["outputPath"] = "out/app";
  with_image["targets"][0]["watchPaths"] = {"app.src", "out/**", "out/.*", "out/#*"};
  project.configure(with_image);
  std::filesystem::create_directory(project.root() / "out");
  save_source(project, stamped("v1"));
  project.haunt();
  REQUIRE(image_runs(project, "v1"));
  save_source(project, stamped("v2"));
  REQUIRE(image_runs(project, "v2"));
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.builds_of("app") == 2);
  CHECK(std::distance(std::filesystem::directory_iterator(project.root() / "out"),
                      std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("without launch images the program runs from its path") {
  TestProject project;
  project.configure(with_program(kInPlace, {{"launchImage", false}}));
  save_source(project, stamped("v1"));
  project.haunt();
  REQUIRE(image_runs(project, "v1"));
  const auto own = "/proc/" + std::to_string(pid_of(project)) + "/exe";
  CHECK(std::filesystem::equivalent(own, project.root() / "app"));
}

TEST_CASE("a program with privileges of its own runs from its path and the log says so") {
  TestProject project;
  project.configure(with_program(kInPlace + std::string(" && chmod g+s app"), {}));
  save_source(project, stamped("v1"));
  project.haunt();
  REQUIRE(image_runs(project, "v1"));
  const auto own = "/proc/" + std::to_string(pid_of(project)) + "/exe";
  CHECK(std::filesystem::equivalent(own, project.root() / "app"));
  CHECK(runner_log(project).find("has privileges that a copy would not have") != std::string::npos);
}

TEST_CASE("polter --watch runs a copy of what was built, too") {
  TestProject project;
  auto without = with_program(kSlowly, {});
  without["targets"][0].erase("autoRun");
  project.configure(without);
  save_source(project, stamped("v1"));
  project.haunt();
  Program watching(project.polter({"--watch", "--restart-delay", "0", "app"}));
  REQUIRE(watching.await_output("v1"));
  for (int round = 2; round < 8; ++round) {
    const auto next = "v" + std::to_string(round);
    save_source(project, stamped(next));
    REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
    if (round % 3 == 0) REQUIRE(watching.await_output(next));
  }
  REQUIRE(watching.await_output("v7"));
  CHECK(watching.output().find("partial") == std::string::npos);
  watching.signal(SIGTERM);
  CHECK(watching.await_end().shell_code() == 143);
  CHECK(std::filesystem::is_empty(project.state_dir() / "launch"));
}
