// SPDX-License-Identifier: MIT
// For file systems that send no events: says "anything may have changed" once each interval.
#pragma once

#include "watch/change_source.h"

namespace poltergeist::watch {

class PollSource final : public ChangeSource {
 public:
  explicit PollSource(Milliseconds interval) : interval_(interval) {}

  [[nodiscard]] int fd() const override { return -1; }
  [[nodiscard]] std::optional<Instant> deadline() const override { return next_; }
  [[nodiscard]] bool is_ordered() const override { return false; }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest) override;
  void remove(WatchToken token) override;
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now) override;

 private:
  Milliseconds interval_;
  std::int32_t last_token_ = 0;
  Instant next_{};  // in the past: the first read sets it
};

}  // namespace poltergeist::watch
