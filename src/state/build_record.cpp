// SPDX-License-Identifier: MIT
#include "state/build_record.h"

#include <algorithm>
#include <numeric>

namespace poltergeist::state {

namespace {

bool is_shorter(const SuccessfulBuild& a, const SuccessfulBuild& b) {
  return a.duration < b.duration;
}

}  // namespace

std::optional<Milliseconds> BuildStats::average() const {
  if (recent.empty()) return std::nullopt;
  const auto sum =
      std::accumulate(recent.begin(), recent.end(), Milliseconds{0},
                      [](Milliseconds so_far, const auto& b) { return so_far + b.duration; });
  const auto builds = static_cast<Milliseconds::rep>(recent.size());
  return Milliseconds((sum.count() + builds / 2) / builds);
}

std::optional<Milliseconds> BuildStats::shortest() const {
  if (recent.empty()) return std::nullopt;
  return std::min_element(recent.begin(), recent.end(), is_shorter)->duration;
}

std::optional<Milliseconds> BuildStats::longest() const {
  if (recent.empty()) return std::nullopt;
  return std::max_element(recent.begin(), recent.end(), is_shorter)->duration;
}

}  // namespace poltergeist::state
