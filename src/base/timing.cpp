// SPDX-License-Identifier: MIT
#include "base/timing.h"

#include <algorithm>

namespace poltergeist {

std::optional<Microseconds> Timing::between(Stage from, Stage to) const {
  const auto& earlier = (*this)[from];
  const auto& later = (*this)[to];
  if (!earlier || !later) return std::nullopt;
  return *later - *earlier;
}

StageClock::StageClock(Stage stage, Instant first, WallTime wall) : first_(first) {
  timing_.at = wall;
  reached(stage, first);
}

bool StageClock::reached(Stage stage, Instant now) {
  auto& after = timing_.after;
  const auto index = static_cast<std::ptrdiff_t>(stage);
  if (std::any_of(after.begin() + index, after.end(),
                  [](const auto& moment) { return moment.has_value(); })) {
    return false;
  }
  after.at(static_cast<std::size_t>(stage)) =
      std::chrono::duration_cast<Microseconds>(now - first_);
  return true;
}

}  // namespace poltergeist
