// SPDX-License-Identifier: MIT
// Whatever we are started with, what we start begins with a clean slate where a slate must be clean
// (signals, descriptors) and with what its user chose where he chooses (umask, niceness, limits).
// Held for each way in which the product starts something.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kChaos = POLTERGEIST_BINARY_DIR "/tests/process/chaos";
constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";
constexpr int kMostFiles = 80;
constexpr int kLargestCore = 4096;

std::string reports_to(const TestProject& project, const std::string& name) {
  return std::string(kChaos) + " report > " + (project.root() / ("report." + name)).string();
}

// As from `trap '' INT TERM PIPE`, `nice -n 5`, `umask 077`, `ulimit -n`, with all signals blocked
// and 50 descriptors that somebody forgot.
void be_hostile() {
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1}) {
    ::signal(number, SIG_IGN);
  }
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + 5);
  ::umask(077);
  for (int i = 0; i < 50; ++i) ::open("/dev/null", O_RDONLY);
  const rlimit few{kMostFiles, kMostFiles};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const rlimit small{kLargestCore, kLargestCore};
  ::setrlimit(RLIMIT_CORE, &small);
}

Call hostile(Call call) {
  call.before_exec = be_hostile;
  return call;
}

// A tool of that name, found before all others, that reports and then does its work.
void write_tool(TestProject& project, const std::string& name, const std::string& work) {
  const auto tool = project.write("tools/" + name,
                                  "#!/bin/sh\n" + reports_to(project, name) + "\n" + work + "\n");
  ::chmod(tool.c_str(), 0755);
}

void configure(TestProject& project) {
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  project.write("app.sh", "#!/bin/sh\ntrap 'exit 0' INT TERM\n" + reports_to(project, "program") +
                              "\n" + kWaits + "\n");
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["buildCommand"] =
      reports_to(project, "build") + " && " + target["buildCommand"].get<std::string>();
  target["postBuild"] = {
      {{"name", "hook"}, {"command", reports_to(project, "hook")}, {"runOn", "success"}}};
  target["autoRun"] = {
      {"enabled", true},
      {"postRun", reports_to(project, "sidecar") + "; trap 'exit 0' TERM; " + kWaits},
      {"readyWhen", {{"exec", reports_to(project, "readiness")}}},
      {"cleanup", reports_to(project, "cleanup")}};
  write_tool(project, "notify-send", "");
  write_tool(project, "git", "echo git version 2.39.2");
  const char* path = std::getenv("PATH");
  project.env["PATH"] =
      (project.root() / "tools").string() + ":" + (path == nullptr ? "/usr/bin:/bin" : path);
  project.env["POLTERGEIST_NOTIFICATIONS"] = "true";
  project.env["DISPLAY"] = ":0";
  project.configure(
      {{"targets", {target}},
       {"notifications", {{"enabled", true}, {"buildStart", true}, {"buildSuccess", true}}},
       {"tasks", {{{"name", "task"}, {"command", reports_to(project, "task")}, {"shell", true}}}}});
}

// Waits for a report, checks it, and forgets it.
void check_report(const TestProject& project, const std::string& name) {
  INFO(name);
  const auto file = "report." + name;
  REQUIRE(await([&] { return project.read(file).find("\ngroup: ") != std::string::npos; }));
  const auto said = project.read(file);
  fs::remove(project.root() / file);
  INFO(said);
  for (const auto* line :
       {"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "fds: 0 1 2", "umask: 077"}) {
    CHECK(said.find(line + std::string("\n")) != std::string::npos);
  }
  const auto nice = std::min(::getpriority(PRIO_PROCESS, 0) + 5, 19);
  CHECK(said.find("nice: " + std::to_string(nice) + "\n") != std::string::npos);
  const auto most = std::to_string(kMostFiles);
  CHECK(said.find("files: " + most + " of " + most + "\n") != std::string::npos);
#if !defined(__SANITIZE_ADDRESS__)  // which sets that limit to nothing when a program begins
  const auto core = std::to_string(kLargestCore);
  CHECK(said.find("core: " + core + " of " + core + "\n") != std::string::npos);
#endif
}

void check_all_of_a_daemon(const TestProject& project) {
  for (const auto* name : {"build", "hook", "notify-send", "program", "readiness", "sidecar"}) {
    check_report(project, name);
  }
  REQUIRE(project.run_poltergeist({"exec", "--detach", "task"}).code == 0);
  check_report(project, "task");
  REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  check_report(project, "cleanup");
}

}  // namespace

TEST_CASE("all that a daemon starts begins with a clean slate whatever it was started with") {
  TestProject project;
  configure(project);
  REQUIRE(run(hostile(project.poltergeist({"haunt"}))).code == 0);
  check_all_of_a_daemon(project);
}

TEST_CASE("all that a daemon in the foreground starts begins with a clean slate") {
  TestProject project;
  configure(project);
  Program daemon(hostile(project.poltergeist({"haunt", "--foreground"})));
  REQUIRE(daemon.await_error("runs as pid"));
  check_all_of_a_daemon(project);
  // Its own core file would hold the secrets of builds.
  rlimit core{};
  REQUIRE(::prlimit(daemon.pid(), RLIMIT_CORE, nullptr, &core) == 0);
  CHECK(core.rlim_cur == 0);
  CHECK(core.rlim_max == kLargestCore);
  daemon.signal(SIGTERM);  // though it was started with that ignored and blocked
  CHECK(daemon.await_end().shell_code() == 0);
}

TEST_CASE("all that polter --watch starts begins with a clean slate") {
  TestProject project;
  configure(project);
  auto configuration = Json::parse(project.read("poltergeist.config.json"));
  configuration["targets"][0]["autoRun"]["enabled"] = false;
  project.configure(configuration);
  project.haunt();
  Program polter(hostile(project.polter({"app", "--watch"})));
  for (const auto* name : {"program", "readiness", "sidecar"}) check_report(project, name);
  polter.signal(SIGTERM);
  CHECK(polter.await_end().shell_code() == 143);
  check_report(project, "cleanup");
}

TEST_CASE("a task in the foreground and the tools that doctor asks begin with a clean slate") {
  TestProject project;
  configure(project);
  CHECK(run(hostile(project.poltergeist({"exec", "task"}))).code == 0);
  check_report(project, "task");
  static_cast<void>(run(hostile(project.poltergeist({"doctor"}))));
  check_report(project, "git");
}
