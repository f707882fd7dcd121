// SPDX-License-Identifier: MIT
// Whether a new program is good, and what takes its place if it is not.
#include <utility>

#include <fmt/format.h>

#include "runners/runner_core.h"

namespace poltergeist::runners {

void RunnerCore::note_good(Instant now) {
  const bool is_running = at_.state == RunnerState::Running;
  if (!policy_.rolls_back || !is_running || now - up_since_ < kTrial) return;
  good_ = launched_;
  good_from_ = launched_from_;
}

bool RunnerCore::is_untried() const {
  return policy_.rolls_back && launched_ != good_;
}

// One that something newer is to replace needs nothing in its place.
bool RunnerCore::is_on_trial() const {
  return is_untried() && launched_ == wanted_;
}

bool RunnerCore::roll_back(const std::string& because, Instant now) {
  const bool has_good = good_ != BuildId() && good_from_ == LaunchedFrom::Image;
  if (!is_on_trial() || !has_good || !want_up_ || is_pending()) return false;
  bad_ = launched_;
  bad_because_ = because;
  demand(now);
  return true;
}

std::string RunnerCore::take_why_not() {
  if (!is_on_trial() || !want_up_ || std::exchange(lamented_, launched_) == launched_) return {};
  if (good_ == BuildId()) return "no build before it was good, so nothing is rolled back; ";
  return fmt::format("there is no image of build {}, so nothing is rolled back; ", good_.value());
}

BuildId RunnerCore::rolled_back_from() const {
  return is_rolled_back() && launched_ != bad_ ? bad_ : BuildId();
}

}  // namespace poltergeist::runners
