// SPDX-License-Identifier: MIT
// However a program ends that has taken the whole screen, the terminal is as it was before.
#include <fcntl.h>

#include <csignal>
#include <map>

#include <catch2/catch.hpp>

#include "polter/watching.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::test;

namespace {

// A terminal's private modes ("\x1b[?25l"), after all that was written to it.
std::map<int, bool> modes_after(const std::string& output) {
  std::map<int, bool> modes;
  constexpr std::string_view kBegin = "\x1b[?";
  for (auto at = output.find(kBegin); at != std::string::npos; at = output.find(kBegin, at + 1)) {
    std::size_t digits = 0;
    const auto number = output.substr(at + kBegin.size(), 8);
    const int mode = std::stoi(number, &digits);
    // Both are the alternate screen; the second one keeps the cursor as well.
    modes[mode == 1049 ? 1047 : mode] = number.at(digits) == 'h';
  }
  return modes;
}

// What polter writes last, when a program is gone.
constexpr std::string_view kLastModeOff = "\x1b[?25h";

bool is_in_order(const std::string& output) {
  constexpr int kWraps = 7;
  constexpr int kShowsCursor = 25;
  for (const auto& [mode, is_on] : modes_after(output)) {
    if (is_on != (mode == kWraps || mode == kShowsCursor)) return false;
  }
  return true;
}

enum class Way { Restart, Kill, Crash, Abort, CtrlC, Terminate };

// One program that takes the screen and ends in that way, then polter.
void end_in(Way way) {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {way == Way::CtrlC ? "screen-with-keys" : "screen"});
  // Ours, for what is so after polter's end.
  const UniqueFd terminal(::fcntl(polter->terminal(), F_DUPFD_CLOEXEC, 0));
  const auto before = settings_of(terminal.get());
  const pid_t program = polter.await_up();
  CHECK_FALSE(same(before, settings_of(terminal.get())));
  CHECK_FALSE(is_in_order(polter->output()));
  int last = SIGTERM;
  switch (way) {
    case Way::Restart:
      for (std::uint64_t build = 2; build <= 4; ++build) {
        REQUIRE(await_feed(project, build - 1));
        project.daemon().settle(quick(Project::fresh(build)));
        polter.await_up();
      }
      REQUIRE(polter.count("found in order") == 4);
      REQUIRE(polter.count("found raw") == 0);
      break;
    case Way::Kill:
    case Way::Crash:
    case Way::Abort:
      ::kill(program, way == Way::Kill ? SIGKILL : way == Way::Crash ? SIGSEGV : SIGABRT);
      REQUIRE(polter->await_output("exited ("));
      REQUIRE(polter->await_output(kLastModeOff));
      // Also while polter waits for the next success.
      REQUIRE(same(before, settings_of(terminal.get())));
      REQUIRE(is_in_order(polter->output()));
      polter->type(kCtrlC);
      last = SIGINT;
      break;
    case Way::CtrlC:
      polter->type(kCtrlC);
      last = SIGINT;
      break;
    case Way::Terminate:
      break;
  }
  if (last == SIGTERM) polter->signal(SIGTERM);
  REQUIRE(polter->await_end() == Exit::by_code(Exit::by_signal(last).shell_code()));
  REQUIRE(same(before, settings_of(terminal.get())));
  REQUIRE(is_in_order(polter->output()));
}

// What the last "stty -a" has printed.
std::string said_by_stty(const std::string& output) {
  const auto begin = output.rfind("speed ");
  return output.substr(begin, output.rfind("done\n") - begin);
}

}  // namespace

TEST_CASE("however a program of the whole screen ends, the terminal is as it was before") {
  const int count = rounds(12, 100);
  constexpr int kWays = 6;
  for (int round = 0; round < count; ++round) {
    CAPTURE(round % kWays);
    end_in(static_cast<Way>(round % kWays));
  }
}

// One program after the other of the whole screen, none of which has put anything back.
TEST_CASE(
    "each restart in raw mode finds the terminal in order, and so does the shell at the end") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"screen"});
  const UniqueFd terminal(::fcntl(polter->terminal(), F_DUPFD_CLOEXEC, 0));
  const auto before = settings_of(terminal.get());
  const pid_t first = polter.await_up();
  const int restarts = rounds(5, 100);
  for (int restart = 1; restart <= restarts; ++restart) {
    const auto build = static_cast<std::uint64_t>(restart);
    REQUIRE(await_feed(project, build));
    project.daemon().settle(quick(Project::fresh(build + 1)));
    polter.await_up();
    CHECK(polter.count("found in order") == restart + 1);
    CHECK_FALSE(same(before, settings_of(terminal.get())));
    CHECK(state_of(polter->pid()) != 'T');
  }
  CHECK(polter.count("found raw") == 0);
  CHECK_FALSE(is_alive(first));
  polter->signal(SIGTERM);
  CHECK(polter->await_end() == Exit::by_code(143));
  CHECK(same(before, settings_of(terminal.get())));
  CHECK(is_in_order(polter->output()));
}

// What people use on a terminal, with what it makes of it.
TEST_CASE(
    "real programs of the whole screen are restarted and killed, and the terminal is as before") {
  const std::vector<std::string> programs = {"less -X $0.txt", "less $0.txt",
                                             "vim -u NONE -i NONE -n",
                                             "python3 -q -c 'import tty; tty.setraw(0); input()'"};
  for (int round = 0; round < rounds(1, 25); ++round) {
    for (const auto& words : programs) {
      const auto name = words.substr(0, words.find(' '));
      if (run({.argv = {"/bin/sh", "-c", "PATH=/usr/bin:/bin; command -v " + name}}).code != 0) {
        WARN(name << " is not installed: nothing was tested with it");
        continue;
      }
      INFO(words);
      Project project;
      const auto script = project.write("full", "#!/bin/sh\necho up $$\nexec " + words + "\n");
      static_cast<void>(project.write("full.txt", "a text\n"));
      std::filesystem::permissions(script, std::filesystem::perms::owner_all);
      const auto answer = [&](std::uint64_t build) {
        auto fresh = quick(Project::fresh(build), Milliseconds(20));
        fresh.output_path = script;
        return fresh;
      };
      project.daemon().settle(answer(1));
      Watching polter(project, {});
      const UniqueFd terminal(::fcntl(polter->terminal(), F_DUPFD_CLOEXEC, 0));
      const auto before = settings_of(terminal.get());
      const auto is_taken = [&] { return !same(before, settings_of(terminal.get())); };
      polter.await_up();
      REQUIRE(await(is_taken));
      REQUIRE(await_feed(project, 1));
      project.daemon().settle(answer(2));
      const pid_t second = polter.await_up();
      REQUIRE(await(is_taken));
      CHECK(state_of(second) != 'T');
      ::kill(second, SIGKILL);
      REQUIRE(polter->await_output("exited ("));
      REQUIRE(await([&] { return !is_taken(); }));
      polter->type(kCtrlC);
      CHECK(polter->await_end() == Exit::by_code(130));
      CHECK_FALSE(is_taken());
    }
  }
}

// Nobody can give it back in its stead; the shell does, as after any job that was killed.
TEST_CASE(
    "a polter that is killed while its program is in raw mode leaves nobody and a sound shell") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Shell shell(project);
  const auto said_now = [&] {
    shell.say("stty -a; echo do''ne");
    REQUIRE(shell->await_output("done\n"));
    REQUIRE(shell.await_prompt());
    return said_by_stty(shell->output());
  };
  const auto settings = said_now();
  REQUIRE_FALSE(settings.empty());
  for (int time = 0; time < rounds(2, 100); ++time) {
    shell.say(kPolter + " app --watch screen");
    REQUIRE(shell->await_output("up "));
    const pid_t polter = shell.await_job();
    const pid_t program = await_program(polter);
    REQUIRE(await([&] { return (settings_of(shell->terminal()).c_lflag & ICANON) == 0; }));
    ::kill(polter, SIGKILL);
    REQUIRE(await_death(program));
    REQUIRE(shell->await_output("Killed"));
    REQUIRE(shell.await_prompt());
    REQUIRE(said_now() == settings);
  }
}

TEST_CASE("a program that leaves the settings alone and hides the cursor has it shown again") {
  Project project;
  const auto program = project.write("hides", "#!/bin/sh\nprintf '\\033[?25l'; kill -9 $$\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  auto answer = Project::fresh();
  answer.output_path = program;
  project.daemon().settle(answer);
  Watching polter(project, {});
  REQUIRE(polter->await_output("\x1b[?25l"));
  REQUIRE(polter->await_output(kLastModeOff));
  CHECK(is_in_order(polter->output()));
}

TEST_CASE("to a terminal that knows no such modes nothing is written") {
  Project project;
  project.daemon().settle(Project::fresh());
  auto plan = Watching::plan(project, {"exit", "0"});
  plan.env["TERM"] = "dumb";
  Program polter(plan);
  REQUIRE(polter.await_output("exited (exit 0)"));
  polter.type(kCtrlC);
  CHECK(polter.await_end() == Exit::by_code(130));
  CHECK(polter.output().find('\x1b') == std::string::npos);
}

// The shell has it then: nobody else may touch it.
TEST_CASE("a program that ends while the shell has the terminal changes nothing of it") {
  Project project;
  project.daemon().settle(quick(Project::fresh()));
  Shell shell(project);
  shell.say(kPolter + " app --watch serve");
  REQUIRE(shell->await_output("up "));
  const pid_t program = await_program(shell.await_job());
  shell->type(kCtrlZ);
  REQUIRE(shell->await_output("Stopped"));
  REQUIRE(shell.await_prompt());
  shell.say("bg; stty -echo");
  REQUIRE(shell.await_prompt());
  const auto before = settings_of(shell->terminal());
  const auto seen = shell->output().size();
  ::kill(program, SIGKILL);
  REQUIRE(shell->await_output("exited ("));
  CHECK(same(before, settings_of(shell->terminal())));
  CHECK(shell->output().find("\x1b[", seen) == std::string::npos);
}
