// SPDX-License-Identifier: MIT
// How long to wait before trying again.
#pragma once

#include "base/time.h"

namespace poltergeist {

inline constexpr Seconds kLongestRetryDelay{30};

// After the nth attempt (from 1): a second, times `multiplier` for each attempt before it, and
// never more than kLongestRetryDelay.
[[nodiscard]] Duration retry_delay(int attempt, double multiplier);

// What is left of a delay that was written down as the time of day at which it ends. However the
// clock was set meanwhile, it is no shorter than nothing and no longer than kLongestRetryDelay.
[[nodiscard]] Duration rest_of_retry_delay(WallTime ends, WallTime now);

}  // namespace poltergeist
