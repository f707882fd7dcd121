// SPDX-License-Identifier: MIT
// The one timer of a core: armed for its deadline after every event, and not at all when it has
// none, so that an idle daemon sleeps.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sys/loop.h"

namespace poltergeist {

class DeadlineTimer {
 public:
  DeadlineTimer(Loop& loop, std::string name, std::function<void()> due)
      : loop_(loop), name_(std::move(name)), due_(std::move(due)) {}

  void arm(std::optional<Instant> deadline) {
    if (deadline == armed_for_) return;
    armed_for_ = deadline;
    timer_.reset();
    if (!deadline) return;
    timer_ = loop_.at(*deadline, name_, [this] {
      armed_for_.reset();
      due_();
    });
  }

 private:
  Loop& loop_;
  std::string name_;
  std::function<void()> due_;
  std::optional<Instant> armed_for_;
  Loop::Handle timer_;
};

}  // namespace poltergeist
