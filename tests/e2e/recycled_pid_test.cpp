// SPDX-License-Identifier: MIT
// A number that a process of ours had is given to a stranger, who must not come to any harm by
// anything that is done next. In a pid namespace, where numbers can be given at will.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/own_processes.h"
#include "support/rounds.h"
#include "support/test_project.h"
#include "sys/files.h"

using namespace poltergeist::test;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// Waits without a process of its own.
constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done";

// A program, and a sidecar, that end when they are told to.
void configure(const TestProject& project, int stop_timeout_ms = 100) {
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  project.write("app.sh", "#!/bin/sh\ntrap 'exit 0' INT TERM\necho $$ >> started\n" +
                              std::string(kWaits) + "\n");
  auto target = TestProject::copying_target("app", "app.sh", "app");
  target["autoRun"] = {{"enabled", true},
                       {"restartDelayMs", 0},
                       {"stopTimeoutMs", stop_timeout_ms},
                       {"postRun", "echo $$ >> beside; trap 'exit 0' TERM; " + std::string(kWaits)},
                       {"postRunOnRestart", "keep"}};
  project.configure(
      {{"targets", {target}},
       {"tasks", {{{"name", "short"}, {"command", "echo $$ >> task; exit 0"}, {"shell", true}}}}});
}

std::vector<pid_t> pids_in(const TestProject& project, const std::string& file) {
  std::vector<pid_t> pids;
  std::istringstream text(project.read(file));
  for (pid_t pid = 0; text >> pid;) pids.push_back(pid);
  return pids;
}

pid_t await_pid_in(const TestProject& project, const std::string& file, std::size_t number = 1) {
  REQUIRE(await([&] { return pids_in(project, file).size() >= number; }));
  return pids_in(project, file).at(number - 1);
}

// Of a daemon or a program: what stands in a state file from then on.
void kill_and_reap(pid_t pid) {
  ::kill(pid, SIGKILL);
  REQUIRE(await_death(pid));
}

fs::path daemon_file_of(const TestProject& project) {
  for (const auto& entry : fs::directory_iterator(project.state_dir())) {
    if (entry.path().string().ends_with("-daemon.json")) return entry.path();
  }
  return {};
}

void forge_daemon_file(const fs::path& file, pid_t pid) {
  auto json = Json::parse(poltergeist::read_file(file).value());
  json["pid"] = pid;
  std::ofstream(file) << json.dump(2);
}

// Everything that one may ask of a project without a daemon, and of one.
void ask_for_everything(const TestProject& project, const Stranger& stranger) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"status"},
                                                                 {"status", "--json"},
                                                                 {"list"},
                                                                 {"wait"},
                                                                 {"runner", "status", "app"},
                                                                 {"runner", "stop", "app"},
                                                                 {"doctor"},
                                                                 {"clean"},
                                                                 {"clean", "--all", "--dry-run"},
                                                                 {"stop"},
                                                                 {"haunt"},
                                                                 {"wait"},
                                                                 {"runner", "restart", "app"},
                                                                 {"runner", "stop", "app"},
                                                                 {"runner", "start", "app"},
                                                                 {"restart"},
                                                                 {"stop"},
                                                                 {"clean", "--all"}}) {
    const auto ran = project.run_poltergeist(words);
    INFO(words.front() << " " << words.back() << ": " << ran.out << ran.err);
    CHECK(ran.code < 64);
    REQUIRE(stranger.is_unharmed());
  }
}

}  // namespace

TEST_CASE("who has the number of a killed daemon is not harmed by anything that is asked for") {
  for (int round = 0; round < rounds(1, 100); ++round) {
    const TestProject project;
    configure(project);
    project.haunt();
    const auto daemon = project.daemon_pid();
    kill_and_reap(daemon);
    const Stranger stranger(daemon);
    ask_for_everything(project, stranger);
  }
}

TEST_CASE("whoever a forged file calls the daemon is not harmed by anything that is asked for") {
  const TestProject project;
  configure(project);
  project.haunt();
  const auto file = daemon_file_of(project);
  const Stranger stranger(30'000);
  // The true one lives: it is asked over its socket, whatever the file says.
  const auto daemon = project.daemon_pid();
  forge_daemon_file(file, stranger.pid());
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  CHECK(await_death(daemon));
  REQUIRE(stranger.is_unharmed());
  // None lives.
  project.haunt();
  kill_and_reap(project.daemon_pid());
  forge_daemon_file(file, stranger.pid());
  ask_for_everything(project, stranger);
}

TEST_CASE("another daemon that has the number of a killed one keeps what it has started") {
  const TestProject project;
  configure(project);
  project.haunt();
  const auto killed = project.daemon_pid();
  kill_and_reap(killed);

  const TestProject another;
  configure(another);
  auto call = another.poltergeist({"haunt", "--foreground"});
  std::vector<std::string> argv = {"/usr/bin/env", "-C", another.root().string()};
  for (const auto& [name, value] : call.env) argv.push_back(name + "=" + value);
  argv.insert(argv.end(), call.argv.begin(), call.argv.end());
  const Stranger daemon(killed, argv);
  const auto program = await_pid_in(another, "started");
  const auto sidecar = await_pid_in(another, "beside");
  ask_for_everything(project, daemon);
  CHECK(is_alive(program));
  CHECK(is_alive(sidecar));
  CHECK(another.run_poltergeist({"stop"}).code == 0);
}

TEST_CASE("who has the number of a program that has exited is not harmed") {
  for (int round = 0; round < rounds(1, 100); ++round) {
    const TestProject project;
    configure(project);
    project.haunt();
    const auto program = await_pid_in(project, "started");
    kill_and_reap(program);
    const Stranger stranger(program);
    project.write("app.sh", project.read("app.sh") + "# again\n");
    static_cast<void>(await_pid_in(project, "started", 2));  // a success has launched it
    REQUIRE(stranger.is_unharmed());
    ask_for_everything(project, stranger);
  }
}

TEST_CASE("who has the number of a sidecar that has exited is not harmed") {
  const TestProject project;
  configure(project);
  project.haunt();
  const auto sidecar = await_pid_in(project, "beside");
  kill_and_reap(sidecar);
  const Stranger stranger(sidecar);
  ask_for_everything(project, stranger);
}

TEST_CASE("a leader keeps its number until nothing of its unit is left") {
  const TestProject project;
  configure(project, 60'000);
  ::mkfifo((project.root() / "up").c_str(), 0600);
  project.write("app.sh",
                "#!/bin/sh\nsetsid sh -c 'trap \"\" INT TERM; echo $$ >> left; echo > up; " +
                    std::string(kWaits) + "' &\necho $$ >> started\nread line < up\nexit 0\n");
  project.haunt();
  const auto leader = await_pid_in(project, "started");
  const auto left = await_pid_in(project, "left");
  REQUIRE(await([&] { return project.state_of("app")["runner"]["status"] == "completed"; }));
  // Its group could be told by its number until then, and nobody else has that.
  CHECK_FALSE(is_alive(leader));
  CHECK(is_taken(leader));
  kill_and_reap(left);
  const Stranger stranger(leader);
  configure(project);
  for (const auto* verb : {"start", "stop", "restart", "stop"}) {
    CHECK(project.run_poltergeist({"runner", verb, "app"}).code == 0);
    CHECK(stranger.is_unharmed());
  }
}

TEST_CASE("who has the number of a build or a task that has ended is not harmed") {
  const TestProject project;
  configure(project);
  auto configuration = Json::parse(project.read("poltergeist.config.json"));
  // It leaves a process behind, as a compiler's server is, that is none of its group.
  auto& command = configuration["targets"][0]["buildCommand"];
  command = command.get<std::string>() + "; echo $$ >> build; setsid sh -c '" +
            std::string(kWaits) + "' & exit 0";
  project.configure(configuration);
  project.haunt();
  REQUIRE(project.run_poltergeist({"exec", "--detach", "short"}).code == 0);
  const Stranger of_build(await_pid_in(project, "build"));
  const Stranger of_task(await_pid_in(project, "task"));
  CHECK(project.run_poltergeist({"build", "app", "--force"}).code == 0);
  ask_for_everything(project, of_build);
  CHECK(of_task.is_unharmed());
}

TEST_CASE("who has the number of a program of polter --watch is not harmed") {
  const TestProject project;
  configure(project);
  project.haunt();
  REQUIRE(project.run_poltergeist({"runner", "stop", "app"}).code == 0);
  const auto number = pids_in(project, "started").size() + 1;
  Program polter(project.polter({"app", "--watch"}));
  const auto program = await_pid_in(project, "started", number);
  kill_and_reap(program);
  const Stranger stranger(program);
  polter.signal(SIGINT);
  CHECK(polter.await_end().shell_code() == 130);
  CHECK(stranger.is_unharmed());
}
