// SPDX-License-Identifier: MIT
#include "base/signal_names.h"

#include <csignal>

#include <catch2/catch.hpp>

using namespace poltergeist;

TEST_CASE("a signal is known by its name with or without SIG, in any case, and by its number") {
  CHECK(signal_number("SIGTERM") == SIGTERM);
  CHECK(signal_number("term") == SIGTERM);
  CHECK(signal_number("15") == SIGTERM);
  CHECK(signal_number("usr1") == SIGUSR1);
  CHECK(signal_number("40") == 40);
}

TEST_CASE("what is no signal is refused") {
  for (const auto* text : {"", "0", "32", "33", "65", "SIG", "TERMINATE", "-2", "SIGSIGINT"}) {
    CHECK_FALSE(signal_number(text));
  }
}

TEST_CASE("every signal's name leads back to its number") {
  for (const auto& name : signal_names()) {
    const auto number = signal_number(name);
    REQUIRE(number);
    CHECK(signal_name(*number) == name);
  }
  CHECK(signal_names().size() == 31);
  CHECK(signal_name(40) == "signal 40");
}
