// SPDX-License-Identifier: MIT
#include "cli/log_follower.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using poltergeist::test::TempDir;

namespace {

void append(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary | std::ios::app) << text;
}

// What a drain gives out; a new file shows as "|".
std::string drained(LogFollower& follower) {
  std::string text;
  const auto result =
      follower.drain([&](std::string_view bytes) { text += bytes; }, [&] { text += '|'; });
  CHECK(result);
  return text;
}

}  // namespace

TEST_CASE("a follower gives out what is there and what is appended, once") {
  const TempDir dir;
  const auto log = dir.write("app.log", "old\n");
  auto follower = LogFollower::open(log);
  REQUIRE(follower);
  CHECK(drained(*follower) == "old\n");
  append(log, "new\n");
  REQUIRE(follower->await_change());
  CHECK(drained(*follower) == "new\n");
  CHECK(drained(*follower).empty());
}

TEST_CASE("a follower reads the old log to its end and then the new one from its start") {
  const TempDir dir;
  const auto log = dir.write("app.log", "one\n");
  auto follower = LogFollower::open(log);
  REQUIRE(follower);
  CHECK(drained(*follower) == "one\n");
  append(log, "two\n");
  std::filesystem::rename(log, dir / "app.log.1");
  dir.write("app.log", "three\n");
  CHECK(drained(*follower) == "two\n|three\n");
}

TEST_CASE("a follower waits for a log that is not there yet") {
  const TempDir dir;
  auto follower = LogFollower::open(dir / "app.log");
  REQUIRE(follower);
  CHECK(drained(*follower).empty());
  dir.write("app.log", "first\n");
  REQUIRE(follower->await_change());
  CHECK(drained(*follower) == "|first\n");
}

TEST_CASE("between the rename and the new log there is nothing to read and nothing wrong") {
  const TempDir dir;
  const auto log = dir.write("app.log", "one\n");
  auto follower = LogFollower::open(log);
  REQUIRE(follower);
  std::filesystem::rename(log, dir / "app.log.1");
  CHECK(drained(*follower) == "one\n");
}

TEST_CASE("the last lines begin where they begin") {
  const std::string text = "a\nb\nc\n";
  CHECK(start_of_last_lines(text, 0) == 6);
  CHECK(start_of_last_lines(text, 1) == 4);
  CHECK(start_of_last_lines(text, 2) == 2);
  CHECK(start_of_last_lines(text, 3) == 0);
  CHECK(start_of_last_lines(text, 9) == 0);
  CHECK(start_of_last_lines("a\nb", 1) == 2);
  CHECK(start_of_last_lines("", 5) == 0);
  CHECK(start_of_last_lines("\n", 5) == 0);
}
