// SPDX-License-Identifier: MIT
// A new program that fails at once gives way to the last good one, until something newer is built.
#include <chrono>
#include <csignal>
#include <functional>

#include <catch2/catch.hpp>

#include "base/time.h"
#include "support/stamped_program.h"
#include "support/test_project.h"
#include "sys/clock.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

void configure_rollback(const TestProject& project, Json auto_run) {
  auto target = TestProject::copying_target("app", "app.src", "app");
  auto_run["restartDelayMs"] = 0;
  auto_run["rollback"] = true;
  target["autoRun"] = std::move(auto_run);
  project.configure({{"targets", {target}}});
}

void save_version(const TestProject& project, const std::string& version, const std::string& deed) {
  project.write("app.new", stamped_program(version, deed));
  std::filesystem::rename(project.root() / "app.new", project.root() / "app.src");
}

bool has_run(const TestProject& project, const std::string& versions) {
  return await([&] { return project.read("alive") == versions; });
}

Json runner_of(const TestProject& project) {
  return project.state_of("app")["runner"];
}

// Until what runs has been up for its trial: what it is by then depends on the time alone.
bool passes_its_trial(const std::function<poltergeist::WallTime()>& started) {
  return await(
      [&] { return poltergeist::wall_now() - started() > std::chrono::milliseconds(5500); });
}

}  // namespace

TEST_CASE("a new program that dies at once is rolled back and status says from what and why") {
  const TestProject project;
  configure_rollback(project, {{"enabled", true}});
  save_version(project, "v1", "stay");
  project.haunt();
  REQUIRE(has_run(project, "v1\n"));
  REQUIRE(await([&] { return runner_of(project).contains("startedAt"); }));
  REQUIRE(passes_its_trial([&] {
    return *poltergeist::from_iso8601(runner_of(project)["startedAt"].get<std::string>());
  }));

  save_version(project, "v2", "exit:3");
  REQUIRE(has_run(project, "v1\nv2\nv1\n"));
  REQUIRE(await([&] { return runner_of(project)["status"] == "running"; }));
  const auto runner = runner_of(project);
  CHECK(runner["generation"] == 1);
  CHECK(runner["rolledBackFrom"] == 2);
  CHECK_THAT(runner["rolledBackBecause"].get<std::string>(), Catch::StartsWith("exit 3 after "));
  CHECK_THAT(project.run_poltergeist({"status"}).out,
             Catch::Contains("running build 1, rolled back from 2: exit 3 after "));

  save_version(project, "v3", "stay");
  REQUIRE(has_run(project, "v1\nv2\nv1\nv3\n"));
  REQUIRE(await([&] { return runner_of(project)["generation"] == 3; }));
  CHECK_FALSE(runner_of(project).contains("rolledBackFrom"));
}

TEST_CASE("polter --watch rolls back, too") {
  const TestProject project;
  configure_rollback(project, {{"enabled", false}});
  save_version(project, "v1", "stay");
  project.haunt();
  Program watching(project.polter({"--watch", "--restart-delay", "0", "app"}));
  REQUIRE(watching.await_output("v1\n"));
  const auto started = poltergeist::wall_now();
  REQUIRE(passes_its_trial([&] { return started; }));
  save_version(project, "v2", "exit:3");
  REQUIRE(watching.await_error("exited (exit 3); build 1 is started in its place"));
  REQUIRE(has_run(project, "v1\nv2\nv1\n"));
  save_version(project, "v3", "stay");
  REQUIRE(has_run(project, "v1\nv2\nv1\nv3\n"));
  watching.signal(SIGTERM);
  CHECK(watching.await_end().shell_code() == 143);
}

TEST_CASE("without a good build nothing is rolled back and the log says so") {
  const TestProject project;
  configure_rollback(project, {{"enabled", true}});
  save_version(project, "v1", "exit:3");
  project.haunt();
  REQUIRE(await([&] { return runner_of(project)["status"] == "failed"; }));
  CHECK(project.read("alive") == "v1\n");
  CHECK_THAT(project.run_poltergeist({"logs", "app", "-C", "runner"}).out,
             Catch::Contains("no build before it was good, so nothing is rolled back"));
}
