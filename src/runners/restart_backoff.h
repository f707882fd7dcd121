// SPDX-License-Identifier: MIT
// When a program that exits by itself, again and again, is started again (`onExit: restart`), and
// when nobody tries any more. Pure: it is told when, and says how long to wait.
#pragma once

#include <deque>
#include <optional>

#include "base/time.h"

namespace poltergeist::runners {

class RestartBackoff {
 public:
  // The first wait; each further one is twice as long, and none longer than kLongest.
  static constexpr Milliseconds kFirst{250};
  static constexpr Seconds kLongest{30};
  // A program that was up for so long was well: the waits begin anew.
  static constexpr Seconds kWell{60};
  // So many exits within so long a time, and it is given up.
  static constexpr std::size_t kMostExits = 5;
  static constexpr Seconds kWithin{60};

  // It exited at `now`, after it was up for `up`. How long to wait before it is started again;
  // nothing: it is given up.
  [[nodiscard]] std::optional<Duration> on_exit(Duration up, Instant now);
  // Something new is to be started, or a person asked for it: what was does not count.
  void forget();

 private:
  std::deque<Instant> exits_;  // within kWithin, the oldest first
  Duration next_ = kFirst;
};

}  // namespace poltergeist::runners
