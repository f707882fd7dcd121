// SPDX-License-Identifier: MIT
// A terminal is closed, or who had it is killed. What belongs to it is gone, what does not goes on.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "e2e/pane.h"
#include "support/pending_signal.h"
#include "support/processor_time.h"
#include "support/rounds.h"

using namespace poltergeist::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

constexpr const char* kWaits = "while :; do { read line < gate; } 2> /dev/null; done\n";

// How somebody's terminal, or his shell, comes to its end.
enum class Ending { Closed, ShellHungUp, ShellKilled, SessionKilled, ServerKilled };
constexpr int kEndings = 5;

// An interactive shell in a window, or in a pane of tmux, as the ending needs it.
class Window {
 public:
  Window(const TestProject& project, Ending ending) : ending_(ending) {
    if (ending == Ending::SessionKilled || ending == Ending::ServerKilled) {
      pane_.emplace(project);
      return;
    }
    auto call = project.poltergeist({});
    call.argv = {"/bin/bash", "--norc", "--noprofile", "--noediting", "-i"};
    call.env["PS1"] = "ready> ";
    call.streams = Call::Streams::Terminal;
    shell_.emplace(call);
    REQUIRE(shell_->await_output("ready> "));
  }
  void type(const std::string& line) {
    if (pane_) return pane_->type(line);
    shell_->type(line + "\n");
  }
  [[nodiscard]] bool await_shown(const std::string& text) {
    return pane_ ? pane_->await_shown(text) : shell_->await_output(text);
  }
  void end() {
    switch (ending_) {
      case Ending::Closed:
        return shell_->hang_up();
      case Ending::ShellHungUp:
        return shell_->signal(SIGHUP);
      case Ending::ShellKilled:
        return shell_->signal(SIGKILL);
      case Ending::SessionKilled:
        REQUIRE(pane_->tmux({"kill-session"}).code == 0);
        return;
      case Ending::ServerKilled:
        REQUIRE(pane_->tmux({"kill-server"}).code == 0);
    }
  }

 private:
  Ending ending_;
  std::optional<Pane> pane_;
  std::optional<Program> shell_;
};

std::string words_of(const Call& call) {
  std::string words;
  for (const auto& word : call.argv) words += (words.empty() ? "" : " ") + word;
  return words;
}

// The number of its controlling terminal; 0: none.
int terminal_of(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), std::istreambuf_iterator<char>());
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string state;
  int parent = 0;
  int group = 0;
  int session = 0;
  int terminal = -1;
  fields >> state >> parent >> group >> session >> terminal;
  return terminal;
}

// How many of its descriptors lead to files whose names begin so.
int open_files_of(pid_t pid, const std::string& beginning) {
  int count = 0;
  const auto directory = "/proc/" + std::to_string(pid) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::error_code ignored;
    if (std::filesystem::read_symlink(entry, ignored).string().starts_with(beginning)) ++count;
  }
  return count;
}

// A program that says when it is asked to end, and that it ended; in between somebody must open
// "end".
void write_app(const TestProject& project) {
  ::mkfifo((project.root() / "gate").c_str(), 0600);
  ::mkfifo((project.root() / "end").c_str(), 0600);
  project.write("app.sh",
                "#!/bin/sh\ntrap 'echo asked >> said; { read line < end; } 2> /dev/null; "
                "echo ended >> said; exit 0' INT\necho $$ >> up\n" +
                    std::string(kWaits));
  auto app = TestProject::copying_target("app", "app.sh", "app");
  app["autoRun"] = {{"enabled", true},
                    {"restartDelayMs", 0},
                    {"stopTimeoutMs", 600'000},
                    {"cleanup", "echo cleaned >> said"}};
  auto other = TestProject::copying_target("other", "other.sh", "other");
  project.write("other.sh", "#!/bin/sh\nexit 0\n");
  project.configure({{"targets", {app, other}}});
}

// Lets somebody go on who waits for a line of the FIFO, now or later.
poltergeist::UniqueFd open_gate(const TestProject& project, const std::string& name) {
  poltergeist::UniqueFd gate(
      ::open((project.root() / name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(::write(gate.get(), "go\n", 3) == 3);
  return gate;
}

void check_that_it_builds_on(const TestProject& project, pid_t daemon) {
  REQUIRE(project.run_poltergeist({"wait", "other"}).code == 0);
  const auto builds = project.builds_of("other");
  project.write("other.sh", "#!/bin/sh\nexit 7\n");
  CHECK(project.run_polter({"other"}).code == 7);
  CHECK(project.builds_of("other") == builds + 1);
  CHECK(project.daemon_pid() == daemon);
}

}  // namespace

TEST_CASE("when the session or the server is killed nothing is left of polter and its program") {
  if (!Pane::is_there()) return;
  for (int round = 0; round < 2 * rounds(1, 50); ++round) {
    INFO("round " << round);
    const TestProject project;
    project.write("app.txt", "");
    project.configure({{"targets",
                        {{{"name", "app"},
                          {"type", "executable"},
                          {"buildCommand", "cp " POLTER_PROBE " app.new && mv app.new app"},
                          {"outputPath", "app"},
                          {"watchPaths", {"app.txt"}},
                          {"autoRun", {{"enabled", false}, {"stopTimeoutMs", 100}}}}}}});
    project.haunt();
    const auto pid = project.daemon_pid();
    Window window(project, round % 2 == 0 ? Ending::SessionKilled : Ending::ServerKilled);
    window.type(words_of(project.polter({"--watch", "app", "clinging"})));
    REQUIRE(window.await_shown("up "));
    window.end();
    auto left = shepherds_of(pid);
    left.push_back(pid);
    std::sort(left.begin(), left.end());
    CHECK(await([&] {
      auto found = processes_mentioning(project.state_dir().string());
      std::sort(found.begin(), found.end());
      return found == left;
    }));
  }
}

TEST_CASE("a daemon outlives the terminal that it was started from, and builds on") {
  const int count = kEndings * rounds(1, 50);
  for (int round = 0; round < count; ++round) {
    INFO("round " << round);
    const auto ending = static_cast<Ending>(round % kEndings);
    const bool needs_tmux = ending == Ending::SessionKilled || ending == Ending::ServerKilled;
    if (needs_tmux && !Pane::is_there()) continue;
    const TestProject project;
    write_app(project);
    Window window(project, ending);
    const bool by_polter = round % 2 == 1;
    window.type(words_of(by_polter ? project.polter({"other"}) : project.poltergeist({"haunt"})) +
                "; echo sta''rted");
    REQUIRE(window.await_shown("started"));
    REQUIRE(await([&] { return !project.read("up").empty(); }));
    const auto daemon = project.daemon_pid();
    CHECK(terminal_of(daemon) == 0);
    CHECK(open_files_of(daemon, "/dev/pts/") == 0);
    window.end();
    check_that_it_builds_on(project, daemon);
    // Its program noticed nothing.
    CHECK(is_alive(std::stoi(project.read("up"))));
    CHECK(project.read("said").empty());
    const auto end = open_gate(project, "end");
    REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  }
}

TEST_CASE("a daemon in the foreground ends with its terminal and leaves its program the time") {
  const TestProject project;
  write_app(project);
  auto call = project.poltergeist({"haunt", "--foreground"});
  call.streams = Call::Streams::Terminal;
  Program daemon(call);
  REQUIRE(await([&] { return !project.read("up").empty(); }));
  daemon.hang_up();
  REQUIRE(await([&] { return project.read("said").find("asked\n") != std::string::npos; }));
  // A shell tells of it as well as the kernel.
  daemon.signal(SIGHUP);
  REQUIRE(await([&] { return !is_pending(daemon.pid(), SIGHUP); }));
  const auto end = open_gate(project, "end");
  CHECK(daemon.await_end() == poltergeist::Exit::by_code(0));
  CHECK(project.read("said") == "cleaned\nasked\nended\n");
  CHECK(await([&] { return processes_mentioning(project.state_dir().string()).empty(); }));
}

TEST_CASE("a second Ctrl+C kills what a daemon in the foreground is ending") {
  const TestProject project;
  write_app(project);
  auto call = project.poltergeist({"haunt", "--foreground"});
  call.streams = Call::Streams::Terminal;
  Program daemon(call);
  REQUIRE(await([&] { return !project.read("up").empty(); }));
  daemon.type("\x03");
  REQUIRE(await([&] { return project.read("said").find("asked\n") != std::string::npos; }));
  daemon.type("\x03");
  CHECK(daemon.await_end() == poltergeist::Exit::by_code(0));
  CHECK(project.read("said") == "cleaned\nasked\n");
}

TEST_CASE("with nohup a daemon in the foreground outlives its terminal and rests") {
  const TestProject project;
  write_app(project);
  auto call = project.poltergeist({"haunt", "--foreground"});
  call.streams = Call::Streams::Terminal;
  call.before_exec = [] { ::signal(SIGHUP, SIG_IGN); };
  Program daemon(call);
  REQUIRE(await([&] { return !project.read("up").empty(); }));
  daemon.hang_up();
  // Its log has nowhere to go but its file.
  check_that_it_builds_on(project, daemon.pid());
  const auto before = processor_time_of(daemon.pid());
  compute_for(400ms);
  // Half of what a circle would have taken.
  CHECK(processor_time_of(daemon.pid()) - before <= 200ms);
  CHECK(project.read("said").empty());
  const auto end = open_gate(project, "end");
  daemon.signal(SIGTERM);
  CHECK(daemon.await_end() == poltergeist::Exit::by_code(0));
}

TEST_CASE("with nohup a build and a task without a daemon outlive their terminal") {
  for (const std::string verb : {"build", "exec"}) {
    INFO(verb);
    const TestProject project;
    ::mkfifo((project.root() / "end").c_str(), 0600);
    const std::string command = "echo up > up; read line < end; echo done > said";
    project.configure({{"targets",
                        {{{"name", "it"},
                          {"type", "custom"},
                          {"buildCommand", command},
                          {"watchPaths", {"*.c"}}}}},
                       {"tasks", {{{"name", "it"}, {"command", command}, {"shell", true}}}}});
    auto call = project.poltergeist({verb, "it"});
    call.streams = Call::Streams::Terminal;
    call.before_exec = [] { ::signal(SIGHUP, SIG_IGN); };
    Program program(call);
    REQUIRE(await([&] { return !project.read("up").empty(); }));
    program.hang_up();
    REQUIRE(await([&] { return !is_pending(program.pid(), SIGHUP); }));
    const auto end = open_gate(project, "end");
    CHECK(program.await_end() == poltergeist::Exit::by_code(0));
    CHECK(project.read("said") == "done\n");
  }
}
