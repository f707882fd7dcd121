// SPDX-License-Identifier: MIT
#include "build/stall_watch.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

constexpr Instant kStart{Seconds(1000)};

Instant at(int seconds) {
  return kStart + Seconds(seconds);
}

}  // namespace

TEST_CASE("a command that prints nothing and uses nothing for five minutes is stalled") {
  StallWatch watch(kStart);
  CHECK(watch.deadline() == at(300));
  CHECK_FALSE(watch.stalled_since());
  CHECK(watch.on_sample(Milliseconds(20), at(300)));
  CHECK(watch.stalled_since() == kStart);
}

TEST_CASE("one that printed is stalled five minutes after that") {
  StallWatch watch(kStart);
  CHECK_FALSE(watch.on_output(at(200)));
  CHECK(watch.deadline() == at(500));
  CHECK_FALSE(watch.on_sample(Milliseconds(20), at(499)));
  CHECK(watch.on_sample(Milliseconds(20), at(500)));
  CHECK(watch.stalled_since() == at(200));
}

TEST_CASE("one that works in silence is not stalled, and five minutes after its work it is") {
  StallWatch watch(kStart);
  CHECK_FALSE(watch.on_sample(Seconds(250), at(300)));
  CHECK(watch.deadline() == at(600));
  CHECK_FALSE(watch.on_sample(Seconds(251), at(600)));  // a second of it is a sign of life
  CHECK(watch.on_sample(Seconds(251) + Milliseconds(999), at(900)));
  CHECK(watch.stalled_since() == at(600));
}

TEST_CASE("a stalled one that prints or works goes on, and is looked at every five minutes") {
  StallWatch watch(kStart);
  REQUIRE(watch.on_sample({}, at(300)));
  CHECK(watch.deadline() == at(600));
  CHECK_FALSE(watch.on_sample({}, at(600)));
  CHECK(watch.stalled_since() == kStart);
  CHECK(watch.deadline() == at(900));
  CHECK(watch.on_sample(Seconds(2), at(900)));
  CHECK_FALSE(watch.stalled_since());

  REQUIRE(watch.on_sample(Seconds(2), at(1200)));
  CHECK(watch.on_output(at(1201)));
  CHECK_FALSE(watch.on_output(at(1202)));
  CHECK_FALSE(watch.stalled_since());
  CHECK(watch.deadline() == at(1502));
}

TEST_CASE("processor time that died with a process that nobody waited for proves life") {
  StallWatch watch(kStart);
  REQUIRE_FALSE(watch.on_sample(Seconds(10), at(300)));
  CHECK_FALSE(watch.on_sample(Seconds(3), at(600)));
  CHECK(watch.on_sample(Seconds(3), at(900)));
}
