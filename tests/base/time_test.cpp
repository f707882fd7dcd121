// SPDX-License-Identifier: MIT
#include "base/time.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace std::chrono_literals;

TEST_CASE("a wall time is written as ISO 8601 in UTC with milliseconds, and read back") {
  const WallTime time(1'700'000'000'123ms);
  CHECK(to_iso8601(time) == "2023-11-14T22:13:20.123Z");
  CHECK(from_iso8601("2023-11-14T22:13:20.123Z") == time);
  CHECK(to_iso8601(WallTime(0ms)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_iso8601(WallTime(-1ms)) == "1969-12-31T23:59:59.999Z");
  CHECK(to_iso8601(WallTime(1'709'164'800'000ms)) == "2024-02-29T00:00:00.000Z");
  CHECK(to_iso8601(WallTime(253'402'300'799'999ms)) == "9999-12-31T23:59:59.999Z");
  CHECK_FALSE(from_iso8601("2023-11-14 22:13:20.123Z"));
  CHECK_FALSE(from_iso8601(""));
}

TEST_CASE("durations are written for people") {
  CHECK(format_duration(12ms) == "12ms");
  CHECK(format_duration(1400ms) == "1.4s");
  CHECK(format_duration(125s) == "2m 5s");
  CHECK(format_duration(3660s) == "1h 1m");
}

TEST_CASE("the earlier of two deadlines counts, and an absent one never does") {
  const Instant a(1s);
  const Instant b(2s);
  CHECK(earlier(a, b) == a);
  CHECK(earlier(std::nullopt, b) == b);
  CHECK(earlier(a, std::nullopt) == a);
  CHECK_FALSE(earlier(std::nullopt, std::nullopt));
}
