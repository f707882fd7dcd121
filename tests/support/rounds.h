// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdlib>

namespace poltergeist::test {

// How often a test that looks for rare things does so: RELIABILITY_N for the long runs.
inline int rounds(int usually) {
  const char* wanted = std::getenv("RELIABILITY_N");
  return wanted == nullptr ? usually : std::max(usually, std::atoi(wanted));
}

}  // namespace poltergeist::test
