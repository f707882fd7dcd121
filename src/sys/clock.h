// SPDX-License-Identifier: MIT
// The only place where clocks are read.
#pragma once

#include "base/time.h"

namespace poltergeist {

[[nodiscard]] inline Instant now() {
  return std::chrono::steady_clock::now();
}
[[nodiscard]] inline WallTime wall_now() {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

}  // namespace poltergeist
