// SPDX-License-Identifier: MIT
#include "build/quiet_window.h"

#include <algorithm>

namespace poltergeist::build {

void GitHold::on_operation(bool running, Instant now) {
  if (running == since_.has_value()) return;
  if (running) {
    since_ = now;
  } else {
    since_.reset();
    ended_ = now;
  }
}

std::optional<Instant> GitHold::until(Instant opened, Instant now) const {
  if (!since_) return std::nullopt;
  const Instant end = std::min(*since_, opened) + kGitHold;
  if (now >= end) return std::nullopt;
  return end;
}

void QuietWindow::on_change(Instant now) {
  if (!first_) first_ = now;
  last_ = now;
}

void QuietWindow::close() {
  first_.reset();
}

std::optional<Instant> QuietWindow::closes_at(Duration settling, Duration at_most,
                                              const GitHold& git, Instant now) const {
  if (!first_) return std::nullopt;
  Instant close = std::min(last_ + settling, *first_ + at_most);
  if (git.ended() && *git.ended() > *first_) {
    close = std::max(close, std::min(*git.ended() + settling, *first_ + kGitHold));
  }
  if (const auto held = git.until(*first_, now)) close = std::max(close, *held);
  return close;
}

}  // namespace poltergeist::build
