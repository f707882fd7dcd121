// SPDX-License-Identifier: MIT
// Both clocks at once, for those who write things down.
#pragma once

#include "state/state_manager.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

[[nodiscard]] inline state::Moment this_moment() {
  return {now(), wall_now()};
}

}  // namespace poltergeist::daemon
