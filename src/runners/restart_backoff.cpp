// SPDX-License-Identifier: MIT
#include "runners/restart_backoff.h"

#include <algorithm>
#include <utility>

namespace poltergeist::runners {

std::optional<Duration> RestartBackoff::on_exit(Duration up, Instant now) {
  if (up >= kWell) forget();
  while (!exits_.empty() && now - exits_.front() >= kWithin) exits_.pop_front();
  exits_.push_back(now);
  if (exits_.size() >= kMostExits) return std::nullopt;
  return std::exchange(next_, std::min<Duration>(2 * next_, kLongest));
}

void RestartBackoff::forget() {
  exits_.clear();
  next_ = kFirst;
}

}  // namespace poltergeist::runners
