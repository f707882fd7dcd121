// SPDX-License-Identifier: MIT
// What the daemon starts has nobody in front of it: whatever would ask a person finds an end of
// file, no terminal, and git and ssh told to fail instead.
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";
constexpr const char* kNobodyIsAsked =
    "no terminal\n"
    "GCM_INTERACTIVE=never\n"
    "GIT_ASKPASS=\n"
    "GIT_TERMINAL_PROMPT=0\n"
    "SSH_ASKPASS_REQUIRE=never\n"
    "over\n";

// Asks standard input and the terminal, and tells what git and ssh would heed.
std::string asks(const std::string& name) {
  const auto report = "report." + name;
  return "{ cat; { (read x < /dev/tty) || echo no terminal; } 2> /dev/null; "
         "env | grep -e '^GIT_ASKPASS=' -e '^GIT_TERMINAL' -e '^SSH_ASKPASS_R' -e '^GCM_' "
         "| LC_ALL=C sort; echo over; } > " +
         report;
}

// A person's shell: he sits at a terminal, and programs that ask him in windows are set.
void sit_in_front_of(TestProject& project) {
  const auto window = project.write(
      "window.sh", "#!/bin/sh\ntouch '" + (project.root() / "asked").string() + "'\necho secret\n");
  ::chmod(window.c_str(), 0755);
  project.env["GIT_ASKPASS"] = window.string();
  project.env["SSH_ASKPASS"] = window.string();
  project.env["SSH_ASKPASS_REQUIRE"] = "force";
  project.env["GIT_TERMINAL_PROMPT"] = "1";
  project.env["GCM_INTERACTIVE"] = "always";
  project.env["DISPLAY"] = ":0";
  project.env["POLTERGEIST_NOTIFICATIONS"] = "false";
}

nlohmann::json task_that(const std::string& line) {
  return {{"name", "task"}, {"command", line}, {"shell", true}};
}

std::string report_of(const TestProject& project, const std::string& name) {
  INFO(name);
  const auto file = "report." + name;
  REQUIRE(await([&] { return project.read(file).find("over\n") != std::string::npos; }));
  return project.read(file);
}

}  // namespace

TEST_CASE("nothing that a daemon starts waits for a person though it has a terminal itself") {
  TestProject project;
  sit_in_front_of(project);
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  project.write("app.sh",
                "#!/bin/sh\ntrap 'exit 0' INT TERM\n" + asks("program") + "\n" + kWaits + "\n");
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["buildCommand"] = asks("build") + " && " + target["buildCommand"].get<std::string>();
  target["postBuild"] = {{{"name", "hook"}, {"command", asks("hook")}, {"runOn", "success"}}};
  target["autoRun"] = {{"enabled", true},
                       {"postRun", asks("sidecar") + "; trap 'exit 0' TERM; " + kWaits},
                       {"readyWhen", {{"exec", asks("readiness")}}},
                       {"cleanup", asks("cleanup")}};
  project.configure({{"targets", {target}}, {"tasks", {task_that(asks("task"))}}});
  auto haunt = project.poltergeist({"haunt", "--foreground"});
  haunt.streams = Call::Streams::Terminal;
  Program daemon(haunt);
  for (const auto* name : {"build", "hook", "program", "readiness", "sidecar"}) {
    CHECK(report_of(project, name) == kNobodyIsAsked);
  }
  CHECK(project.run_poltergeist({"exec", "--detach", "task"}).code == 0);
  CHECK(report_of(project, "task") == kNobodyIsAsked);
  CHECK(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  CHECK(report_of(project, "cleanup") == kNobodyIsAsked);
  daemon.signal(SIGTERM);
  CHECK(daemon.await_end().shell_code() == 0);
}

TEST_CASE("a task in the foreground asks nobody either") {
  TestProject project;
  sit_in_front_of(project);
  project.configure({{"targets", nlohmann::json::array()}, {"tasks", {task_that(asks("task"))}}});
  auto exec = project.poltergeist({"exec", "task"});
  exec.streams = Call::Streams::Terminal;
  Program task(exec);
  CHECK(task.await_end().shell_code() == 0);
  CHECK(report_of(project, "task") == kNobodyIsAsked);
}

TEST_CASE("who wants to be asked says so in an env") {
  TestProject project;
  sit_in_front_of(project);
  project.write("app.c", "int main;\n");
  auto target = TestProject::copying_target("app", "app.c", "app");
  target["buildCommand"] = asks("build") + " && " + target["buildCommand"].get<std::string>();
  target["env"] = {{"GIT_TERMINAL_PROMPT", "1"}};
  target["postBuild"] = {{{"name", "hook"},
                          {"command", asks("hook")},
                          {"runOn", "success"},
                          {"env", {{"SSH_ASKPASS_REQUIRE", "prefer"}}}}};
  auto task = task_that(asks("task"));
  task["env"] = {{"GIT_ASKPASS", "${GIT_ASKPASS}"}};
  project.configure({{"targets", {target}}, {"tasks", {task}}});
  project.haunt();
  CHECK(report_of(project, "build").find("\nGIT_TERMINAL_PROMPT=1\n") != std::string::npos);
  const auto hook = report_of(project, "hook");
  CHECK(hook.find("\nGIT_TERMINAL_PROMPT=1\n") != std::string::npos);
  CHECK(hook.find("\nSSH_ASKPASS_REQUIRE=prefer\n") != std::string::npos);
  REQUIRE(project.run_poltergeist({"exec", "--detach", "task"}).code == 0);
  CHECK(report_of(project, "task").find("\nGIT_ASKPASS=" + project.env["GIT_ASKPASS"] + "\n") !=
        std::string::npos);
}

TEST_CASE("git that wants a password fails at once and opens no window") {
  TestProject project;
  sit_in_front_of(project);
  project.write("app.c", "int main;\n");
  auto target = TestProject::copying_target("app", "app.c", "app");
  target["buildCommand"] =
      R"(printf 'protocol=https\nhost=example.invalid\n\n' | git -c credential.helper= credential fill)";
  project.configure({{"targets", {target}}});
  project.haunt();
  const auto state = project.state_of("app");
  CHECK(state["lastBuild"]["status"] == "failure");
  INFO(state["lastBuild"].dump(2));
  CHECK(state["lastBuild"].dump().find("terminal prompts disabled") != std::string::npos);
  CHECK_FALSE(fs::exists(project.root() / "asked"));
}
