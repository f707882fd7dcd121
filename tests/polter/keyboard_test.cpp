// SPDX-License-Identifier: MIT
// What is typed, and the size of the window, are the program's: the one that runs now, and the
// next.
#include <sys/ioctl.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "polter/watching.h"

using namespace poltergeist;
using namespace poltergeist::test;

namespace {

void resize(int terminal, unsigned short columns, unsigned short rows) {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = rows;
  ::ioctl(terminal, TIOCSWINSZ, &size);
}

api::TargetAnswer told_by_sigterm(std::uint64_t build) {
  auto answer = Project::fresh(build);
  answer.restart = api::RestartSettings{SIGTERM, Milliseconds(0), Milliseconds(60'000)};
  return answer;
}

}  // namespace

TEST_CASE("every line that is typed reaches one program, in order, over ten restarts") {
  Project project;
  project.daemon().settle(told_by_sigterm(1));
  Watching polter(project, {"converse"});
  const auto await_programs = [&](std::uint64_t count) {
    while (polter.count("up ") < static_cast<int>(count)) REQUIRE(polter->await_output("up "));
  };
  constexpr int kLines = 110;
  constexpr int kLinesPerRestart = 10;
  std::uint64_t build = 1;
  for (int line = 0; line < kLines; ++line) {
    if (line % kLinesPerRestart == kLinesPerRestart / 2 && build <= 10) {
      await_programs(build);
      REQUIRE(await_feed(project, build));
      project.daemon().settle(told_by_sigterm(++build));
    }
    polter->type("line " + std::to_string(line) + "\n");
  }
  REQUIRE(polter->await_output("got line " + std::to_string(kLines - 1) + "\n"));
  await_programs(11);
  const auto& output = polter->output();
  std::size_t at = 0;
  for (int line = 0; line < kLines; ++line) {
    at = output.find("got line " + std::to_string(line) + "\n", at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(polter.count("got ") == kLines);
  polter->signal(SIGTERM);
  CHECK(polter->await_end() == Exit::by_code(143));
}

TEST_CASE(
    "each change of the window's size is told once, and the next program finds the last one") {
  Project project;
  project.daemon().settle(told_by_sigterm(1));
  Watching polter(project, {"converse"});
  REQUIRE(polter->await_output("window 100x30"));
  polter.await_up();
  constexpr unsigned short kChanges = 10;
  for (unsigned short change = 1; change <= kChanges; ++change) {
    const auto columns = static_cast<unsigned short>(60 + change);
    resize(polter->terminal(), columns, 20);
    const auto size = "window " + std::to_string(columns) + "x20\n";
    REQUIRE(polter->await_output(size));
    polter->type("seen\n");
    REQUIRE(polter->await_output("got seen"));
    CHECK(polter.count(size) == 1);
  }
  REQUIRE(await_feed(project, 1));
  project.daemon().settle(told_by_sigterm(2));
  CHECK(polter->await_output("window 70x20"));
  polter.await_up();
  resize(polter->terminal(), 41, 12);
  CHECK(polter->await_output("window 41x12"));
}
