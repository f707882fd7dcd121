// SPDX-License-Identifier: MIT
#include "base/retry.h"

#include <algorithm>
#include <cmath>

namespace poltergeist {

Duration retry_delay(int attempt, double multiplier) {
  const double delay = std::pow(multiplier, attempt - 1);
  const double longest = std::chrono::duration<double>(kLongestRetryDelay).count();
  return std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::clamp(delay, 0.0, longest)));
}

Duration rest_of_retry_delay(WallTime ends, WallTime now) {
  return std::clamp<Duration>(ends - now, Duration(0), kLongestRetryDelay);
}

}  // namespace poltergeist
