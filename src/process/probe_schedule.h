// SPDX-License-Identifier: MIT
// When a Probe asks again, and how long it waits for an answer. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "base/time.h"

namespace poltergeist::process {

// The pauses between two questions: 20 ms, 30 ms, 45 ms, … 500 ms, 500 ms. Until they are 500 ms,
// none is longer than 20 ms and half of the time before it: a program that is ready after 100 ms is
// known to be 70 ms later at the latest, some 30 ms on average. One that takes a minute is asked
// fewer than 130 times.
class ProbeSchedule {
 public:
  // A program may be ready in no time, and a question costs less than a millisecond.
  static constexpr Milliseconds kFirstPause{20};
  // Nobody who has waited for a second minds half of one.
  static constexpr Milliseconds kLongestPause{500};

  // The pause after the answer that was just given.
  [[nodiscard]] Duration take_pause() {
    return std::exchange(next_, std::min<Duration>(next_ * 3 / 2, kLongestPause));
  }

 private:
  Duration next_ = kFirstPause;
};

// How long one answer may take; then it counts as none. A server that is ready answers within
// milliseconds, and one that lost the question is better asked anew; a command has a program to
// start, and may wait for something itself.
inline constexpr Milliseconds kAnswerWithin = Seconds(2);
inline constexpr Milliseconds kCommandWithin = Seconds(10);

// Tests have less time.
struct ProbePatience {
  Milliseconds answer_within = kAnswerWithin;    // of a server
  Milliseconds command_within = kCommandWithin;  // of a command
};

// "2 s", "50 ms".
[[nodiscard]] inline std::string limit_text(Milliseconds limit) {
  const bool is_whole = limit % Seconds(1) == Milliseconds(0);
  return is_whole ? fmt::format("{} s", limit / Seconds(1)) : fmt::format("{} ms", limit.count());
}

}  // namespace poltergeist::process
