// SPDX-License-Identifier: MIT
#include "build/simulator.h"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "base/text.h"

using namespace poltergeist;
using namespace poltergeist::build;

namespace {

constexpr std::uint64_t kHistories = 100'000;

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

TEST_CASE("in 100,000 random histories no build is lost, doubled, premature or endless") {
  const auto only = seed_of_the_day();
  std::uint64_t builds = 0;
  for (std::uint64_t seed = only.value_or(1); seed <= only.value_or(kHistories); ++seed) {
    Simulator simulator(seed);
    if (const auto complaint = simulator.play()) {
      FAIL("seed " << seed << ": " << *complaint << "\n" << told(seed));
    }
    builds += static_cast<std::uint64_t>(simulator.builds());
  }
  CHECK(builds > 0);
}
