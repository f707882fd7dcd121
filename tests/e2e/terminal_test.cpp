// SPDX-License-Identifier: MIT
// `polter --watch` in a pane of a real tmux, typed into by hand: the terminal is the program's, and
// afterwards the shell's again. And what becomes of whom when a terminal is closed.
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

constexpr const char* kPrompt = "ready>";

// A tmux server of the test's own, without anybody's configuration, with a shell in one pane.
class Pane {
 public:
  explicit Pane(const TestProject& project) : project_(project) {
    tmux({"new-session", "-d", "-x", "100", "-y", "30",
          std::string("PS1='") + kPrompt + " ' exec /bin/sh"});
    REQUIRE(await_prompt());
  }
  Pane(const Pane&) = delete;
  Pane& operator=(const Pane&) = delete;
  ~Pane() { tmux({"kill-server"}); }

  static bool is_there() {
    if (run({.argv = {"/bin/sh", "-c", "command -v tmux"}}).code == 0) return true;
    WARN("tmux is not installed: nothing was tested (scripts/setup installs it)");
    return false;
  }

  Ran tmux(std::vector<std::string> args) const {
    auto call = project_.polter({});
    call.env["TMUX_TMPDIR"] = project_.root().parent_path().string();
    args.insert(args.begin(), {"tmux", "-L", "test", "-f", "/dev/null"});
    call.argv = std::move(args);
    return run(call);
  }
  void type(const std::string& line) const {
    tmux({"send-keys", "-l", line});
    press("Enter");
  }
  void press(const std::string& key) const { tmux({"send-keys", key}); }
  // All that the pane has shown.
  [[nodiscard]] std::string shown() const { return tmux({"capture-pane", "-p", "-S", "-"}).out; }
  [[nodiscard]] std::size_t count(const std::string& text) const {
    const auto all = shown();
    std::size_t found = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++found;
    return found;
  }
  [[nodiscard]] bool await_shown(const std::string& text, std::size_t times = 1) const {
    return await([&] { return count(text) >= times; });
  }
  // The shell waits for the next line.
  [[nodiscard]] bool await_prompt() const {
    return await([&] {
      auto all = shown();
      all.erase(all.find_last_not_of(" \n") + 1);
      return all.ends_with(kPrompt);
    });
  }
  // Until the program is up for the n-th time; its pid.
  [[nodiscard]] pid_t await_up(std::size_t times) const {
    REQUIRE(await_shown("up ", times));
    const auto all = shown();
    return std::stoi(all.substr(all.rfind("up ") + 3));
  }

 private:
  const TestProject& project_;
};

void haunt(const TestProject& project, std::chrono::milliseconds stop_timeout) {
  project.write("app.txt", "");
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "executable"},
          {"buildCommand", "cp " POLTER_PROBE " app.new && mv app.new app"},
          {"outputPath", "app"},
          {"watchPaths", {"app.txt"}},
          {"autoRun", {{"enabled", false}, {"stopTimeoutMs", stop_timeout.count()}}}}}}});
  project.haunt();
}

std::string polter(const TestProject& project, const std::string& words) {
  return project.polter({}).argv[0] + " --watch --restart-signal TERM --restart-delay 0 " + words;
}

// What stty says, without the size.
std::string settings(const TestProject& project, const std::string& file) {
  const auto text = project.read(file);
  return text.substr(text.find('\n') + 1);
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

}  // namespace

TEST_CASE("in a pane the keyboard, Ctrl+C and the window's size are the program's, once each") {
  if (!Pane::is_there()) return;
  const TestProject project;
  // No slow machine makes a program end that the test wants to go on.
  haunt(project, std::chrono::minutes(2));
  const Pane pane(project);
  pane.type("stty -a > before");
  REQUIRE(pane.await_prompt());

  pane.type(polter(project, "app converse"));
  const pid_t first = pane.await_up(1);
  CHECK(pane.await_shown("window 100x30"));
  pane.type("hello");
  CHECK(pane.await_shown("got hello"));
  pane.tmux({"resize-window", "-x", "91", "-y", "25"});
  CHECK(pane.await_shown("window 91x25"));

  project.write("app.txt", "edited");
  const pid_t second = pane.await_up(2);
  CHECK(second != first);
  CHECK_FALSE(is_alive(first));
  pane.type("hello again");
  CHECK(pane.await_shown("got hello again"));

  pane.press("C-c");
  REQUIRE(pane.await_shown("interrupt 1"));
  // It decides for itself when it ends, and has the keyboard until then.
  pane.type("not yet");
  REQUIRE(pane.await_shown("got not yet"));
  ::kill(second, SIGTERM);
  REQUIRE(pane.await_prompt());
  CHECK(pane.count("interrupt") == 1);
  CHECK(pane.count("told otherwise") == 2);
  CHECK_FALSE(is_alive(second));
  pane.type("echo code=$?");
  CHECK(pane.await_shown("code=130"));
  REQUIRE(pane.await_prompt());
  pane.type("stty -a > after");
  REQUIRE(pane.await_prompt());
  CHECK_FALSE(settings(project, "before").empty());
  CHECK(settings(project, "after") == settings(project, "before"));
}

TEST_CASE("when the session or the server is killed nothing is left of polter and its program") {
  if (!Pane::is_there()) return;
  for (const auto* end : {"kill-session", "kill-server"}) {
    const TestProject project;
    haunt(project, std::chrono::milliseconds(100));
    const auto pid = project.daemon_pid();
    const Pane pane(project);
    pane.type(polter(project, "app clinging"));
    static_cast<void>(pane.await_up(1));
    REQUIRE(pane.tmux({end}).code == 0);
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
  for (const bool by_polter : {false, true}) {
    const TestProject project;
    project.write("app.txt", "#!/bin/sh\n");
    project.configure({{"targets", {TestProject::copying_target("app", "app.txt", "app")}}});
    const auto start = by_polter ? project.polter({"app"}) : project.poltergeist({"haunt"});
    auto window = start;
    window.argv = {"/bin/sh", "-c", R"("$@"; echo started; read line)", "window"};
    window.argv.insert(window.argv.end(), start.argv.begin(), start.argv.end());
    window.streams = Call::Streams::Terminal;
    Program shell(window);
    REQUIRE(shell.await_output("started"));
    const auto pid = project.daemon_pid();
    CHECK(terminal_of(pid) == 0);
    CHECK(open_files_of(pid, "/dev/pts/") == 0);
    shell.hang_up();
    CHECK(shell.await_end() == poltergeist::Exit::by_signal(SIGHUP));
    project.run_poltergeist({"wait"});
    const auto builds = project.builds_of("app");
    project.write("app.txt", "#!/bin/sh\nexit 7\n");
    CHECK(project.run_polter({"app"}).code == 7);
    CHECK(project.builds_of("app") == builds + 1);
    CHECK(project.daemon_pid() == pid);
  }
}
