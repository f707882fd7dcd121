// SPDX-License-Identifier: MIT
// What the ledgers of many builds say together: how long each step takes, usually and at the worst.
#pragma once

#include <cstddef>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/timing.h"

namespace poltergeist::state {

// How many builds the figures of a target are made from, the last ones.
inline constexpr int kTimedBuilds = 100;

// From one stage to another, over the builds that reached both. The percentiles are nearest-rank:
// of n values in order the one at place ⌈n · p / 100⌉, so each is a value that was measured.
struct StepFigures {
  Stage from = Stage::Event;
  Stage to = Stage::Event;
  std::size_t builds = 0;  // never 0
  Microseconds p50{};
  Microseconds p99{};

  friend bool operator==(const StepFigures&, const StepFigures&) = default;
};

struct TimingFigures {
  std::size_t builds = 0;
  // Each stage from the one before it, then from the event to the spawn, the end and the program;
  // without those that no build took.
  std::vector<StepFigures> steps;

  friend bool operator==(const TimingFigures&, const TimingFigures&) = default;
};

[[nodiscard]] TimingFigures figures_of(const std::vector<Timing>& builds);
[[nodiscard]] nlohmann::json to_json(const TimingFigures& figures);

}  // namespace poltergeist::state
