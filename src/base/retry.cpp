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

}  // namespace poltergeist
