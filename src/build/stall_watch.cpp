// SPDX-License-Identifier: MIT
#include "build/stall_watch.h"

#include <utility>

namespace poltergeist::build {

bool StallWatch::on_output(Instant now) {
  last_sign_ = now;
  return std::exchange(stalled_, false);
}

bool StallWatch::on_sample(Duration used, Instant now) {
  if (used < used_ || used - used_ >= kIdle) last_sign_ = now;
  used_ = used;
  sampled_ = now;
  return std::exchange(stalled_, now - last_sign_ >= kPatience) != stalled_;
}

Instant StallWatch::deadline() const {
  return (stalled_ ? sampled_ : last_sign_) + kPatience;
}

std::optional<Instant> StallWatch::stalled_since() const {
  return stalled_ ? std::optional(last_sign_) : std::nullopt;
}

}  // namespace poltergeist::build
