// SPDX-License-Identifier: MIT
#include "tasks/verdict.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::tasks;

namespace {

const config::ExitCodes kCodes{.success = {0, 3}, .retry = {75, 111}};

Verdict verdict_on(const Ending& ending) {
  return judge(ending, kCodes, Seconds(30), "scripts/it.sh");
}

}  // namespace

TEST_CASE("each good code is a success") {
  CHECK(verdict_on({.exit = Exit::by_code(0)}) == Verdict{});
  CHECK(verdict_on({.exit = Exit::by_code(3)}) == Verdict{});
}

TEST_CASE("a code of the list retry asks for another attempt") {
  const auto verdict = verdict_on({.exit = Exit::by_code(75)});
  CHECK(verdict.outcome == Outcome::Retry);
  CHECK(verdict.kind == FailureKind::Exit);
}

TEST_CASE("a code that is in neither list is a failure, 0 included") {
  const auto verdict = verdict_on({.exit = Exit::by_code(1)});
  CHECK(verdict.outcome == Outcome::Failed);
  CHECK(verdict.message == "exited with code 1");
  CHECK(judge({.exit = Exit::by_code(0)}, {.success = {7}}, Seconds(0), "x").outcome ==
        Outcome::Failed);
}

TEST_CASE("death by a signal names the signal") {
  const auto verdict = verdict_on({.exit = Exit::by_signal(SIGSEGV)});
  CHECK(verdict.kind == FailureKind::Signal);
  CHECK(verdict.message == "killed by SIGSEGV");
}

TEST_CASE("a kill for want of memory is said as such also where a shell tells of it") {
  auto exit = Exit::by_signal(SIGKILL);
  exit.killer = Exit::Killer::Memory;
  CHECK(verdict_on({.exit = exit}).message == "killed by SIGKILL because memory ran out");
  exit.killer = Exit::Killer::Somebody;
  CHECK(verdict_on({.exit = exit}).message == "killed by SIGKILL from somebody else");
  exit = Exit::by_code(137);
  exit.killer = Exit::Killer::Memory;
  CHECK(verdict_on({.exit = exit}).message == "exited with code 137 because memory ran out");
}

TEST_CASE("what our signals ended is a timeout or a cancellation, however it ended") {
  for (const auto exit : {Exit::by_code(0), Exit::by_code(75), Exit::by_signal(SIGTERM)}) {
    CHECK(verdict_on({.exit = exit, .timed_out = true}).kind == FailureKind::Timeout);
    CHECK(verdict_on({.exit = exit, .cancelled = true}).kind == FailureKind::Cancelled);
    CHECK(verdict_on({.exit = exit, .timed_out = true}).outcome == Outcome::Failed);
  }
  CHECK(verdict_on({.exit = Exit::by_code(0), .timed_out = true}).message ==
        "timed out after 30.0s");
}

TEST_CASE("what could not be started says what to do") {
  const auto denied =
      verdict_on({.not_started = Error{Errc::Denied, "scripts/it.sh: Permission denied"}});
  CHECK(denied.kind == FailureKind::Spawn);
  CHECK(denied.outcome == Outcome::Failed);
  CHECK(denied.message.find("chmod +x scripts/it.sh") != std::string::npos);
  const auto missing = judge({.not_started = Error{Errc::NotFound, "it.sh: no such program"}},
                             kCodes, Seconds(0), "it.sh");
  CHECK(missing.message.find("./it.sh") != std::string::npos);
}

TEST_CASE("a system without a process to spare is asked again") {
  const auto verdict = verdict_on({.not_started = Error{Errc::Busy, "fork"}});
  CHECK(verdict.outcome == Outcome::Retry);
  CHECK(verdict.kind == FailureKind::Spawn);
}
