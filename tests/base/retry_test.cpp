// SPDX-License-Identifier: MIT
#include "base/retry.h"

#include <catch2/catch.hpp>

namespace poltergeist {

TEST_CASE("each further try waits longer, and none longer than half a minute") {
  CHECK(retry_delay(1, 2) == Seconds(1));
  CHECK(retry_delay(2, 2) == Seconds(2));
  CHECK(retry_delay(4, 2) == Seconds(8));
  CHECK(retry_delay(6, 2) == Seconds(30));
  CHECK(retry_delay(100'000, 1000) == Seconds(30));
  CHECK(retry_delay(3, 1.5) == Milliseconds(2250));
}

TEST_CASE("a multiplier of nothing tries again at once, from the second time on") {
  CHECK(retry_delay(1, 0) == Seconds(1));
  CHECK(retry_delay(2, 0) == Duration(0));
}

TEST_CASE("the rest of a delay is a delay, however the clock was set meanwhile") {
  const WallTime noon = *from_iso8601("2026-01-31T12:00:00.000Z");
  CHECK(rest_of_retry_delay(noon + Seconds(7), noon) == Seconds(7));
  CHECK(rest_of_retry_delay(noon, noon) == Duration(0));
  CHECK(rest_of_retry_delay(noon - std::chrono::hours(8760), noon) == Duration(0));
  CHECK(rest_of_retry_delay(noon + std::chrono::hours(8760), noon) == Seconds(30));
}

}  // namespace poltergeist
