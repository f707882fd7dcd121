// SPDX-License-Identifier: MIT
// `polter --watch` with real programs on a real (pseudo-)terminal.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>

#include <catch2/catch.hpp>

#include "polter/watching.h"

using namespace poltergeist;
using namespace poltergeist::test;
using namespace std::chrono_literals;
using Args = std::vector<std::string>;

TEST_CASE("one Ctrl+C is one interrupt for the program, and 130 when it is gone") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"twice"});
  const auto before = settings_of(polter->terminal());
  const pid_t pid = polter.await_up();
  polter->type(kCtrlC);
  REQUIRE(polter->await_output("interrupt 1"));
  ::kill(pid, SIGTERM);  // the second signal, unless polter had sent one
  REQUIRE(polter->await_output("told otherwise"));
  const auto after = settings_of(polter->terminal());
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK(polter.count("interrupt") == 1);
  CHECK(same(before, after));
  CHECK_FALSE(is_alive(pid));
}

TEST_CASE("Ctrl+C with no program running ends polter at once") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"exit", "3"});
  REQUIRE(polter->await_output("exited (exit 3)"));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
}

TEST_CASE("a second Ctrl+C kills a program that does not end") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"stubborn"});
  const pid_t pid = polter.await_up();
  polter->type(kCtrlC);
  REQUIRE(polter->await_output("interrupt 1"));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK_FALSE(is_alive(pid));
}

TEST_CASE("a SIGTERM for polter is the restart signal for the program, once, and 143") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"serve"});
  polter.await_up();
  polter->signal(SIGTERM);
  CHECK(polter->await_end() == Exit::by_code(143));
  CHECK(polter.count("interrupt 1") == 1);
  CHECK(polter.count("told otherwise") == 0);
}

TEST_CASE("an interrupt that a process sends to polter alone is passed on, once") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"serve"});
  polter.await_up();
  polter->signal(SIGINT);
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK(polter.count("interrupt 1") == 1);
}

TEST_CASE("the keyboard is the program's") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"echo"});
  polter.await_up();
  polter->type("hello\n");
  CHECK(polter->await_output("got hello"));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
}

TEST_CASE("each later success restarts the program once") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"serve"});
  pid_t pid = polter.await_up();
  for (std::uint64_t build = 2; build < 7; ++build) {
    REQUIRE(await_feed(project, build - 1));
    project.daemon().settle(quick(Project::fresh(build)));
    const pid_t next = polter.await_up();
    CHECK(next != pid);
    CHECK_FALSE(is_alive(pid));
    pid = next;
  }
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK(polter.count("up ") == 6);
  CHECK(polter.count("interrupt 1") == 6);
}

TEST_CASE("successes within the delay are one restart") {
  Project project;
  project.daemon().settle(Project::fresh(1));
  Watching polter(project, {"--restart-delay=1000", "serve"});
  polter.await_up();
  for (std::uint64_t build = 2; build < 5; ++build) {
    REQUIRE(await_feed(project, build - 1));
    project.daemon().settle(Project::fresh(build));
  }
  REQUIRE(await_feed(project, 4));
  polter.await_up();
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
  CHECK(polter.count("up ") == 2);
}

TEST_CASE("a failed build is one line, and the program runs on") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"serve"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(Project::failed(2));
  REQUIRE(polter->await_output("build failed: main.c:1:1: error: no"));
  CHECK(is_alive(pid));
  REQUIRE(await_feed(project, 2));
  project.daemon().settle(quick(Project::fresh(3)));
  CHECK(polter.await_up() != pid);
}

TEST_CASE("a program that ignores the signal is killed after its time, then replaced") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1), 50ms));
  Watching polter(project, {"stubborn"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2), 50ms));
  REQUIRE(polter->await_output("interrupt 1"));
  CHECK(polter->await_output("killed"));
  CHECK(polter.await_up() != pid);
  CHECK_FALSE(is_alive(pid));
}

TEST_CASE("the command line's signal and delay go before the target's own") {
  Project project;
  auto answer = Project::fresh(1);
  answer.restart = api::RestartSettings{SIGINT, 60s, 5s};
  project.daemon().settle(answer);
  Watching polter(project, {"--restart-signal=TERM", "--restart-delay=0", "serve"});
  polter.await_up();
  REQUIRE(await_feed(project, 1));
  answer.build = BuildId(2);
  project.daemon().settle(answer);
  CHECK(polter->await_output("told otherwise"));
  polter.await_up();
}

TEST_CASE("a program that exits by itself is started again by the next success") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"exit", "3"});
  REQUIRE(polter->await_output("exited (exit 3)"));
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  CHECK(polter->await_output("exited (exit 3)"));
}

TEST_CASE("a build that failed at the start is shown, and the next success starts the program") {
  Project project;
  project.daemon().settle(Project::failed(1));
  Watching polter(project, {"serve"});
  REQUIRE(polter->await_output("the build of app failed"));
  REQUIRE(polter->await_output("waiting for the next successful build"));
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(Project::fresh(2));
  polter.await_up();
}

TEST_CASE("nothing is launched while a newer build is under way, and then the newest, once") {
  Project project;
  run_from_path(project);
  const auto built = [](api::TargetAnswer answer) {
    answer.restart = api::RestartSettings{SIGTERM, 0ms, 5s};
    return answer;
  };
  project.daemon().settle(built(Project::fresh(1)));
  Watching polter(project, {"twice"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(built(Project::fresh(2)));
  REQUIRE(polter->await_output("told otherwise"));
  project.daemon().begin_build("app");
  ::kill(pid, SIGTERM);  // now it ends
  REQUIRE(project.daemon().await_resting([](const api::WaitParams& wait) { return wait.lease; }));
  CHECK(polter.count("up ") == 1);
  // The feed hears of build 3 before the launch does, which will be of build 3.
  project.daemon().hold([](const api::WaitParams& wait) { return wait.lease; });
  project.daemon().settle(built(Project::fresh(3)));
  REQUIRE(await_feed(project, 3));
  project.daemon().hold(nullptr);
  polter.await_up();
  project.daemon().settle(built(Project::failed(4)));
  REQUIRE(polter->await_output("build failed"));
  // A second launch of build 3 would have been announced before that line.
  CHECK(polter.count("restarting") == 1);
  CHECK(polter.count("up ") == 2);
}

TEST_CASE("a newer build that fails while it is waited for leaves nothing running, and is told") {
  Project project;
  run_from_path(project);
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"twice"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter->await_output("interrupt 1"));
  project.daemon().begin_build("app");
  ::kill(pid, SIGTERM);
  REQUIRE(project.daemon().await_resting([](const api::WaitParams& wait) { return wait.lease; }));
  project.daemon().settle(quick(Project::failed(3)));
  REQUIRE(polter->await_output("waiting for the next successful build"));
  CHECK_FALSE(is_alive(pid));
  REQUIRE(await_feed(project, 3));
  project.daemon().settle(quick(Project::fresh(4)));
  polter.await_up();
}

TEST_CASE("what was built is launched though a newer build is under way, or the daemon is gone") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"twice"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter->await_output("interrupt 1"));
  SECTION("a newer build") {
    project.daemon().begin_build("app");
  }
  SECTION("no daemon") {
    project.daemon().die();
  }
  ::kill(pid, SIGTERM);
  CHECK(polter.await_up() != pid);
}

TEST_CASE("Ctrl+C while a launch waits for a build ends polter at once") {
  Project project;
  run_from_path(project);
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"twice"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter->await_output("interrupt 1"));
  project.daemon().begin_build("app");
  ::kill(pid, SIGTERM);
  REQUIRE(project.daemon().await_resting([](const api::WaitParams& wait) { return wait.lease; }));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
}

TEST_CASE("a restart that the daemon's death came between is made up for when it is back") {
  Project project;
  run_from_path(project);
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"twice"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter->await_output("interrupt 1"));
  project.daemon().die();
  ::kill(pid, SIGTERM);
  REQUIRE(polter->await_output("waiting for the next successful build"));
  CHECK(polter.count("up ") == 1);
  project.daemon().revive();
  polter.await_up();
}

TEST_CASE("the program runs on while the daemon is away, and restarts work when it is back") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  Watching polter(project, {"serve"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 1));
  project.daemon().die();
  REQUIRE(polter->await_output("the program runs on"));
  CHECK(is_alive(pid));
  project.daemon().settle(quick(Project::fresh(2)));  // built while nobody listened
  project.daemon().revive();
  REQUIRE(polter->await_output("the daemon answers again"));
  CHECK(polter.await_up() != pid);
  CHECK(polter.count("the program runs on") == 1);
}

TEST_CASE("build numbers that begin anew are builds all the same") {
  Project project;
  project.daemon().settle(quick(Project::fresh(100)));
  Watching polter(project, {"serve"});
  const pid_t pid = polter.await_up();
  REQUIRE(await_feed(project, 100));
  project.daemon().die();
  project.daemon().settle(quick(Project::fresh(1)));
  project.daemon().revive();
  CHECK(polter.await_up() != pid);
}

TEST_CASE("what left the program's session is gone before the next one starts") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1), 100ms));
  Watching polter(project, {"grandchild"});
  polter.await_up();
  const pid_t grandchild = number_behind("grandchild ", polter->output());
  REQUIRE(is_alive(grandchild));
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2), 100ms));
  REQUIRE(polter->await_output("interrupt 1"));
  REQUIRE(polter->await_output("up "));
  CHECK_FALSE(is_alive(grandchild));
  polter->type(kCtrlC);
  CHECK(polter->await_end() == Exit::by_code(130));
}

TEST_CASE("a program does not outlive a polter that was killed") {
  Project project;
  project.daemon().settle(Project::fresh());
  Watching polter(project, {"stubborn"});
  const pid_t pid = polter.await_up();
  polter->signal(SIGKILL);
  CHECK(polter->await_end() == Exit::by_signal(SIGKILL));
  CHECK(await_death(pid));
}

TEST_CASE("without a terminal the program is a group of its own, and still told once") {
  Project project;
  project.daemon().settle(quick(Project::fresh(1)));
  auto plan = project.plan({"app", "-w", "serve"});
  plan.before_exec = [] { ::setsid(); };
  Program polter(plan);
  REQUIRE(polter.await_output("up "));
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(quick(Project::fresh(2)));
  REQUIRE(polter.await_output("interrupt 1"));
  REQUIRE(polter.await_output("up "));
  ::kill(-polter.pid(), SIGINT);
  CHECK(polter.await_end() == Exit::by_code(130));
  CHECK(polter.output().find("interrupt 2") == std::string::npos);
}

TEST_CASE("on a terminal the wait is drawn and wiped before the program starts") {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  auto plan = project.plan({"app", "serve"});
  plan.streams = Call::Streams::Terminal;
  Program polter(plan);
  REQUIRE(polter.await_output("\x1b[?25l"));
  REQUIRE(polter.await_output("waiting for app"));
  api::ProgressNote note;
  note.target = "app";
  note.phase = "building";
  note.percent = 42;
  note.lines = {"cc -c main.c"};
  project.daemon().note(note);
  REQUIRE(polter.await_output("building app 42%"));
  REQUIRE(polter.await_output("cc -c main.c"));
  project.daemon().settle(Project::fresh(2));
  REQUIRE(polter.await_output("\x1b[?25h"));
  REQUIRE(polter.await_output("up "));
  CHECK(polter.output().rfind("building app") < polter.output().rfind("\x1b[J"));
  polter.type(kCtrlC);
  CHECK(polter.await_end() == Exit::by_code(0));  // now it is the program that decides
}

TEST_CASE("Ctrl+C during the wait gives the cursor back and ends by the signal") {
  Project project;
  project.daemon().settle(Project::fresh());
  project.daemon().begin_build("app");
  auto plan = project.plan({"app", "serve"});
  plan.streams = Call::Streams::Terminal;
  Program polter(plan);
  REQUIRE(polter.await_output("waiting for app"));
  polter.type(kCtrlC);
  CHECK(polter.await_end() == Exit::by_signal(SIGINT));
  CHECK(polter.output().ends_with("\x1b[?25h"));
}

TEST_CASE("how a program ended is said exactly, whatever its exit code or signal") {
  Project project;
  const auto told = project.dir() / "told";
  std::uint64_t build = 0;
  std::optional<Watching> polter;
  const auto says = [&](const std::string& what, const Exit& exit) {
    static_cast<void>(project.write("told", what));
    project.daemon().settle(quick(Project::fresh(++build)));
    if (!polter) polter.emplace(project, Args{"as-told", told.string()});
    // Of a kill more is said: whose doing it was.
    const bool is_kill = exit.shell_code() == Exit::by_signal(SIGKILL).shell_code();
    REQUIRE((*polter)->await_output("exited (" + exit.text() + (is_kill ? "" : ")")));
    REQUIRE(await_feed(project, build));
  };
  for (int code = 0; code < 256; ++code) says("exit " + std::to_string(code), Exit::by_code(code));
  for (int signal = 1; signal < 32; ++signal) {
    constexpr std::array kEndNobody{SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
                                    SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    if (std::find(kEndNobody.begin(), kEndNobody.end(), signal) != kEndNobody.end()) continue;
    says("die " + std::to_string(signal), Exit::by_signal(signal));
  }
}
