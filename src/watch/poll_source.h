// SPDX-License-Identifier: MIT
// For file systems that send no events: says "anything may have changed" from time to time.
#pragma once

#include "watch/change_source.h"

namespace poltergeist::watch {

// When to look again after a comparison: after `least`, or when a tenth of the time that passed was
// spent comparing, whichever is later, but never more than half a minute.
[[nodiscard]] Instant next_comparison(Instant began, Instant ended, Milliseconds least);

class PollSource final : public ChangeSource {
 public:
  explicit PollSource(Milliseconds interval) : interval_(interval) {}

  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<Instant> deadline() const override { return next_; }
  [[nodiscard]] std::string_view name() const override { return "poll"; }
  [[nodiscard]] Result<void> sync() override;
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;
  void compared(Instant began, Instant ended) override;

 private:
  Milliseconds interval_;
  Instant next_{};  // in the past: the first read sets it
};

}  // namespace poltergeist::watch
