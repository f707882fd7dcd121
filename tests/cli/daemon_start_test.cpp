// SPDX-License-Identifier: MIT
#include "cli/daemon_start.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;

TEST_CASE("the log's level is what the call says, else the environment, else the configuration") {
  CHECK(level_for({}, nullptr, LogLevel::Warn) == LogLevel::Warn);
  CHECK(level_for({}, "", LogLevel::Warn) == LogLevel::Warn);
  CHECK(level_for({}, "error", LogLevel::Warn) == LogLevel::Error);
  CHECK(level_for({.verbose = true}, "error", LogLevel::Warn) == LogLevel::Debug);
  CHECK(level_for({.log_level = "info", .verbose = true}, "error", LogLevel::Warn) ==
        LogLevel::Info);
}

TEST_CASE("a level in the environment that does not exist is refused, not ignored") {
  const auto level = level_for({}, "loud", LogLevel::Info);
  REQUIRE_FALSE(level);
  CHECK(level.error().code == ExitCode::Usage);
}

TEST_CASE("a daemon says that it is ready, or why it is not") {
  const auto ready = readiness_from("{\"ready\":true,\"pid\":4711}\n");
  REQUIRE(ready);
  CHECK(ready->pid == 4711);
  const auto other = readiness_from("{\"running\":12}\n");
  REQUIRE(other);
  CHECK(other->already);
  CHECK(other->pid == 12);
  const auto refused = readiness_from(R"({"error":{"exit":2,"message":"no watchPaths"}})");
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == Refusal{ExitCode::Usage, "no watchPaths", {}});
}

TEST_CASE("anything else on the pipe is no daemon of ours: exit code 3") {
  for (const auto* line :
       {"", "Segmentation fault\n", "{}", "[]", "{\"error\":7}", R"({"ready":"yes"})"}) {
    CAPTURE(line);
    const auto ready = readiness_from(line);
    REQUIRE_FALSE(ready);
    CHECK(ready.error().code == ExitCode::CannotAnswer);
    CHECK_FALSE(ready.error().message.empty());
  }
}
