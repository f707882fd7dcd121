// SPDX-License-Identifier: MIT
// What we started does not outlive us, whoever kills us and whenever.
#include <signal.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "support/own_namespace.h"
#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// Seven ways to get away, and a line in `file` for each that has begun. Behind it the program
// waits.
std::string descendants(const std::string& file) {
  const std::string say = "echo here >> " + file;
  return "#!/bin/sh\n"
         "setsid sh -c '" +
         say +
         "; exec sleep 600' &\n"
         "(sh -c '" +
         say +
         "; exec sleep 600' &)\n"
         "sh -c 'set -m; sh -c \"" +
         say +
         "; exec sleep 600\" & wait' &\n"
         "sh -c 'trap \"\" TERM INT HUP; " +
         say +
         "; while :; do sleep 600; done' &\n"
         "sh -c '" +
         say +
         "; kill -STOP $$' &\n"
         "(setsid env -i PATH=\"$PATH\" sh -c '" +
         say +
         "; exec sleep 600' &)\n"
         "sh -c '" +
         say + "; while :; do (sleep 0.1 &) ; sleep 0.02; done' &\n" + say +
         "\nwhile :; do sleep 600 & wait $!; done\n";
}

constexpr int kDescendants = 8;

bool all_are_there(const TestProject& project, const std::string& file) {
  return await([&] {
    const auto text = project.read(file);
    return std::count(text.begin(), text.end(), '\n') >= kDescendants;
  });
}

// Whoever has its working directory in the project: what cleans its environment, too.
std::vector<pid_t> processes_in(const TestProject& project) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::error_code error;
    const auto cwd = std::filesystem::read_symlink(entry.path() / "cwd", error);
    if (error || cwd.string().find(project.root().string()) != 0) continue;
    found.push_back(static_cast<pid_t>(std::stol(entry.path().filename().string())));
  }
  return found;
}

// A program that is kept running, a build and a task, each with all of the seven.
Json everything() {
  auto app = TestProject::copying_target("app", "app.sh", "app");
  app["autoRun"] = {{"enabled", true}, {"restartDelayMs", 0}};
  Json slow = {{"name", "slow"},
               {"type", "custom"},
               {"buildCommand", "sh build.sh"},
               {"watchPaths", {"build.sh"}}};
  return {{"targets", {app, slow}},
          {"tasks", {{{"name", "task"}, {"command", "sh task.sh"}, {"shell", true}}}}};
}

void write_all(const TestProject& project) {
  project.write("app.sh", descendants("from-app"));
  project.write("build.sh", descendants("from-build"));
  project.write("task.sh", descendants("from-task"));
  project.configure(everything());
}

// One who lost the number, too, by which he is known for one of ours: only a cgroup holds him. His
// pid in `file`; behind him the program waits.
std::string ghost(const std::string& file) {
  return "#!/bin/sh\n"
         "(setsid env -i PATH=\"$PATH\" sh -c 'prlimit --rttime=unlimited --pid $$; "
         "echo $$ > " +
         file + "; exec sleep 600' &)\nwhile :; do sleep 600 & wait $!; done\n";
}

std::string containment_of(const TestProject& project) {
  const auto said = Json::parse(project.run_poltergeist({"doctor", "--json"}).out);
  for (const auto& finding : said.at("findings")) {
    if (finding.at("name") == "containment") return finding.at("found");
  }
  return "";
}

bool has_cgroups(const TestProject& project) {
  const auto found = containment_of(project);
  if (found.starts_with("cgroups below")) return true;
  WARN("skipped: " << found);
  return false;
}

bool is_there(const TestProject& project, const std::string& file) {
  return await([&] {
    return std::filesystem::exists(project.root() / file) && !project.read(file).empty();
  });
}

}  // namespace

TEST_CASE("nothing of a killed daemon lives on that lost all that it inherited") {
  const TestProject project;
  write_all(project);
  if (!has_cgroups(project)) return;
  project.write("app.sh", ghost("from-app"));
  project.write("build.sh", ghost("from-build"));
  Program daemon(project.poltergeist({"haunt", "--foreground"}));
  REQUIRE(is_there(project, "from-app"));
  REQUIRE(is_there(project, "from-build"));
  CHECK(containment_of(project).find("poltergeist-" + std::to_string(daemon.pid()) + "-") !=
        std::string::npos);
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.await_end());
  CHECK(await([&] { return processes_in(project).empty(); }));
}

TEST_CASE("what a daemon left that was killed with its shepherd the next one ends and removes") {
  const TestProject project;
  write_all(project);
  if (!has_cgroups(project)) return;
  project.write("app.sh", ghost("from-app"));
  project.write("build.sh", "exit 0\n");
  Program daemon(project.poltergeist({"haunt", "--foreground"}));
  REQUIRE(is_there(project, "from-app"));
  const auto left = std::stoi(project.read("from-app"));
  const auto branch = containment_of(project).substr(std::string("cgroups below ").size());
  REQUIRE(std::filesystem::exists(branch));
  daemon.signal(SIGSTOP);  // it would replace the shepherd
  for (const auto pid : shepherds_of(daemon.pid())) ::kill(pid, SIGKILL);
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.await_end());
  project.configure({{"targets", {TestProject::copying_target("app", "app.sh", "app")}}});
  project.haunt();
  CHECK(await([&] { return ::kill(left, 0) != 0; }));
  CHECK_FALSE(std::filesystem::exists(branch));
}

TEST_CASE(
    "where cgroups cannot be made doctor says why and a killed daemon leaves nothing either") {
  if (!enter_own_namespace()) return;
  const SmallDisk instead("/sys/fs/cgroup", "64k");
  const TestProject project;
  write_all(project);
  CHECK(containment_of(project).starts_with("by group, session and mark; without cgroups: "));
  Program daemon(project.poltergeist({"haunt", "--foreground"}));
  REQUIRE(all_are_there(project, "from-app"));
  REQUIRE(all_are_there(project, "from-build"));
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.await_end());
  CHECK(await([&] { return processes_in(project).empty(); }));
}

TEST_CASE("nothing of a daemon that is killed lives on however it tried to get away") {
  const TestProject project;
  write_all(project);
  Program daemon(project.poltergeist({"haunt", "--foreground"}));
  REQUIRE(all_are_there(project, "from-app"));
  REQUIRE(all_are_there(project, "from-build"));
  REQUIRE(project.run_poltergeist({"exec", "--detach", "task"}).code == 0);
  REQUIRE(all_are_there(project, "from-task"));
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.await_end());
  CHECK(await([&] { return processes_in(project).empty(); }));
}

TEST_CASE("nothing of a polter --watch that is killed lives on") {
  const TestProject project;
  project.write("app.sh", descendants("from-app"));
  project.configure({{"targets", {TestProject::copying_target("app", "app.sh", "app")}}});
  project.haunt();
  auto call = project.polter({"app", "--watch"});
  call.cwd = project.root();
  Program polter(call);
  REQUIRE(all_are_there(project, "from-app"));
  polter.signal(SIGKILL);
  static_cast<void>(polter.await_end());
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await([&] { return processes_in(project).empty(); }));
}

TEST_CASE("nothing of a task in the foreground that is killed lives on") {
  const TestProject project;
  write_all(project);
  Program exec(project.poltergeist({"exec", "task"}));
  REQUIRE(all_are_there(project, "from-task"));
  exec.signal(SIGKILL);
  static_cast<void>(exec.await_end());
  CHECK(await([&] { return processes_in(project).empty(); }));
}
