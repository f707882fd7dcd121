// SPDX-License-Identifier: MIT
// polter as a job of an interactive shell: Ctrl+Z, fg, bg, and the background.
#include <csignal>

#include <catch2/catch.hpp>

#include "polter/watching.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::test;

namespace {

bool is_stopped(pid_t pid) {
  return state_of(pid) == 'T';
}

bool await_stop(pid_t pid) {
  return await([&] { return is_stopped(pid); });
}

const std::string kWatch = kPolter + " app --watch ";

}  // namespace

TEST_CASE("Ctrl+Z stops the job, and fg goes on with it") {
  Project project;
  project.daemon().settle(Project::fresh());
  Shell shell(project);
  shell.say(kWatch + "echo");
  REQUIRE(shell->await_output("up "));
  const pid_t polter = shell.await_job();
  const pid_t program = await_program(polter);
  for (int time = 0; time < rounds(2, 100); ++time) {
    shell->type(kCtrlZ);
    REQUIRE(shell->await_output("Stopped"));
    REQUIRE(shell.await_prompt());
    CHECK(is_stopped(polter));
    CHECK(is_stopped(program));
    shell.say("fg");
    REQUIRE(shell->await_output("echo\n"));
    shell.say("hello");
    REQUIRE(shell->await_output("got hello"));
  }
  shell->type(kCtrlC);
  REQUIRE(shell.await_prompt());
  shell.say("echo code=$?");
  CHECK(shell->await_output("code=130\n"));
  shell.say("exit");
  CHECK(shell->await_end() == Exit::by_code(0));
}

TEST_CASE("bg goes on with it behind the shell's back, restarts and all") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Shell shell(project);
  shell.say(kWatch + "serve");
  REQUIRE(shell->await_output("up "));
  const pid_t polter = shell.await_job();
  const pid_t first = await_program(polter);
  shell->type(kCtrlZ);
  REQUIRE(shell->await_output("Stopped"));
  REQUIRE(shell.await_prompt());
  shell.say("bg");
  REQUIRE(shell.await_prompt());
  const int restarts = rounds(2, 100);
  for (int restart = 1; restart <= restarts; ++restart) {
    const auto build = static_cast<std::uint64_t>(restart);
    REQUIRE(await_feed(project, build));
    project.daemon().settle(quick(Project::fresh(build + 1)));
    REQUIRE(shell->await_output("interrupt 1"));
    REQUIRE(shell->await_output("up "));
    CHECK_FALSE(is_stopped(polter));
    CHECK_FALSE(is_stopped(await_program(polter)));
  }
  CHECK_FALSE(is_alive(first));
  shell.say("kill %1; wait %1; echo code=$?");
  CHECK(shell->await_output("code=143\n"));
}

TEST_CASE("a job in the background that reads the keyboard is stopped, and fg gives it to it") {
  Project project;
  project.daemon().settle(Project::fresh());
  Shell shell(project);
  shell.say(kWatch + "echo &");
  const pid_t polter = shell.await_job();
  CHECK(await_stop(await_program(polter)));
  CHECK(await_stop(polter));
  shell.say("fg");
  REQUIRE(shell->await_output("echo\n"));
  shell.say("hello");
  CHECK(shell->await_output("got hello"));
}

// "stty tostop": whatever prints in the background is stopped.
TEST_CASE("printing in the background stops the program if it must be, and never polter") {
  Project project;
  // It prints when it is told to end, and is stopped for that again.
  project.daemon().settle(quick(Project::fresh(), Milliseconds(50)));
  Shell shell(project);
  shell.say("stty tostop");
  REQUIRE(shell.await_prompt());
  for (int time = 0; time < rounds(1, 100); ++time) {
    shell.say(kWatch + "serve &");
    const pid_t polter = shell.await_job();
    const pid_t program = await_program(polter);
    REQUIRE(await_stop(program));
    CHECK_FALSE(is_stopped(polter));
    shell.say("kill %1; wait %1; echo code=$?");
    CHECK(shell->await_output("code=143\n"));
    CHECK_FALSE(is_alive(program));
  }
}

TEST_CASE("a wait in the background draws nothing, says so once, and is not stopped for it") {
  for (int time = 0; time < rounds(1, 100); ++time) {
    Project project;
    project.daemon().settle(Project::fresh());
    project.daemon().begin_build("app");
    Shell shell(project);
    shell.say("stty tostop");
    REQUIRE(shell.await_prompt());
    shell.say(kWatch + "serve &");
    const pid_t polter = shell.await_job();
    REQUIRE(shell->await_output("[polter] building app"));
    CHECK_FALSE(is_stopped(polter));
    shell.say("fg");
    REQUIRE(shell->await_output("waiting for app"));  // now it may draw
    const auto before = shell->output().substr(0, shell->output().rfind("fg\n"));
    CHECK(before.find("\x1b[?25l") == std::string::npos);
    CHECK(count_in(shell->output(), "[polter] building app") == 1);
    project.daemon().settle(Project::fresh(2));
    CHECK(shell->await_output("up "));
  }
}

TEST_CASE("Ctrl+Z during the wait stops it on a clean line, and fg goes on with it") {
  for (const auto* words : {" app echo", " app --watch echo"}) {
    Project project;
    project.daemon().settle(Project::fresh());
    project.daemon().begin_build("app");
    Shell shell(project);
    shell.say(kPolter + words);
    REQUIRE(shell->await_output("waiting for app"));
    const pid_t polter = shell.await_job();
    shell->type(kCtrlZ);
    REQUIRE(shell->await_output("\x1b[?25h"));  // the cursor is shown again
    REQUIRE(shell->await_output("Stopped"));
    REQUIRE(shell.await_prompt());
    CHECK(is_stopped(polter));
    shell.say("fg");
    REQUIRE(shell->await_output("waiting for app"));
    project.daemon().settle(Project::fresh(2));
    REQUIRE(shell->await_output("up "));
    shell.say("hello");
    CHECK(shell->await_output("got hello"));
  }
}

TEST_CASE("the program that polter became is the shell's own job") {
  Project project;
  project.daemon().settle(Project::fresh());
  Shell shell(project);
  shell.say(kPolter + " app echo");
  REQUIRE(shell->await_output("up "));
  shell->type(kCtrlZ);
  REQUIRE(shell->await_output("Stopped"));
  REQUIRE(shell.await_prompt());
  shell.say("fg");
  REQUIRE(shell->await_output("echo\n"));
  shell.say("hello");
  REQUIRE(shell->await_output("got hello"));
  shell->type(kCtrlC);
  REQUIRE(shell.await_prompt());
  shell.say("echo code=$?");
  CHECK(shell->await_output("code=130\n"));
}

TEST_CASE("a program that makes nothing of Ctrl+Z goes on, and polter with it") {
  Project project;
  project.daemon().settle(Project::fresh());
  Shell shell(project);
  shell.say(kWatch + "unstoppable");
  REQUIRE(shell->await_output("up "));
  const pid_t polter = shell.await_job();
  shell->type(kCtrlZ);
  shell.say("hello");
  REQUIRE(shell->await_output("got hello"));
  shell->type(kCtrlC);
  REQUIRE(shell.await_prompt());
  CHECK_FALSE(is_alive(polter));
  CHECK(count_in(shell->output(), "Stopped") == 0);
}

TEST_CASE("in a session without a shell, which could not continue anybody, Ctrl+Z is nothing") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"echo"});
  polter.await_up();
  polter->type(kCtrlZ);
  polter->type("hello\n");
  REQUIRE(polter->await_output("got hello"));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
}
