// SPDX-License-Identifier: MIT
// How long to wait before trying again.
#pragma once

#include "base/time.h"

namespace poltergeist {

inline constexpr Seconds kLongestRetryDelay{30};

// After the nth attempt (from 1): a second, times `multiplier` for each attempt before it, and
// never more than kLongestRetryDelay.
[[nodiscard]] Duration retry_delay(int attempt, double multiplier);

}  // namespace poltergeist
