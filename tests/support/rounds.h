// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace poltergeist::test {

// How often a test that looks for rare things does so: `usually`, for it must not take long, and up
// to `in_full` in the long proofs. RELIABILITY_N is how long those are: 10,000 is `in_full`, and
// what is less is in proportion.
inline int rounds(int usually, int in_full) {
  constexpr std::int64_t kFull = 10'000;
  const char* wanted = std::getenv("RELIABILITY_N");
  if (wanted == nullptr) return usually;
  const auto share = std::clamp<std::int64_t>(std::atoll(wanted), 0, kFull);
  return std::max(usually, static_cast<int>(in_full * share / kFull));
}

// The same for seeded histories of something pure. A sanitizer looks at what one of them does, not
// for the rare one that breaks a promise: it has a tenth of those that are usual.
inline int histories(int usually, int in_full) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  usually /= 10;
#endif
  return rounds(usually, in_full);
}

}  // namespace poltergeist::test
