// SPDX-License-Identifier: MIT
#include "build/simulator.h"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

// POLTERGEIST_SEED=n plays that history alone, and tells it.
std::optional<std::uint64_t> seed_of_the_day() {
  const char* text = std::getenv("POLTERGEIST_SEED");
  return text ? parse_number(text) : std::nullopt;
}

std::string told(std::uint64_t seed) {
  Simulator simulator(seed);
  simulator.tell_story();
  static_cast<void>(simulator.play());
  return joined(simulator.story(), "\n");
}

}  // namespace

TEST_CASE("in any random history no build is lost, doubled, premature or endless") {
  const auto only = seed_of_the_day();
  const auto histories = static_cast<std::uint64_t>(test::histories(100'000, 2'000'000));
  std::uint64_t builds = 0;
  for (std::uint64_t seed = only.value_or(1); seed <= only.value_or(histories); ++seed) {
    Simulator simulator(seed);
    if (const auto complaint = simulator.play()) {
      FAIL("seed " << seed << ": " << *complaint << "\n" << told(seed));
    }
    builds += static_cast<std::uint64_t>(simulator.builds());
  }
  CHECK(builds > 0);
}
