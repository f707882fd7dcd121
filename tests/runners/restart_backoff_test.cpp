// SPDX-License-Identifier: MIT
#include "runners/restart_backoff.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::runners;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1h};

}  // namespace

TEST_CASE("each further exit waits twice as long and the fifth within a minute is the last") {
  RestartBackoff backoff;
  std::vector<Duration> waits;
  Instant time = kStart;
  while (const auto wait = backoff.on_exit(0s, time)) {
    waits.push_back(*wait);
    time += *wait;
  }
  CHECK(waits == std::vector<Duration>{250ms, 500ms, 1s, 2s});
}

TEST_CASE("exits that are far apart are made good for ever and the waits have a limit") {
  RestartBackoff backoff;
  Instant time = kStart;
  Duration longest{};
  for (int i = 0; i < 100; ++i) {
    time += 20s;
    const auto wait = backoff.on_exit(20s, time);
    REQUIRE(wait);
    longest = std::max(longest, *wait);
    time += *wait;
  }
  CHECK(longest == 30s);
}

TEST_CASE("after a minute without an exit the waits begin anew") {
  RestartBackoff backoff;
  CHECK(backoff.on_exit(0s, kStart) == 250ms);
  CHECK(backoff.on_exit(59s, kStart + 59s) == 500ms);
  CHECK(backoff.on_exit(60s, kStart + 119s) == 250ms);
}

TEST_CASE("what is new is not held to what was") {
  RestartBackoff backoff;
  while (backoff.on_exit(0s, kStart)) {
  }
  backoff.forget();
  CHECK(backoff.on_exit(0s, kStart) == 250ms);
}
