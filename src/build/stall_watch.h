// SPDX-License-Identifier: MIT
// Says whether a command still does something: one that has printed nothing and used hardly any
// processor time for five minutes waits for something, perhaps for ever. Pure: it is told of output
// and, at its one deadline, of the processor time used so far; nobody is woken more often.
//
// Processor time is known for the moments of the samples only. What was used since the one before
// counts as used just now, so stalling is noticed five to ten minutes after it began, never early.
#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"

namespace poltergeist::build {

class StallWatch {
 public:
  static constexpr Duration kPatience = std::chrono::minutes(5);
  // Used within that time: a loop that asks every second whether something is there yet needs half
  // of it, a compiler uses it up at once.
  static constexpr Duration kIdle = Seconds(1);

  explicit StallWatch(Instant started) : last_sign_(started), sampled_(started) {}

  // These two say whether it is stalled now, or is not any more, and was the other before.
  bool on_output(Instant now);
  // What all of it has used so far; another number to count from than before is a sign of life.
  bool on_sample(Duration used, Instant now);
  // When the next sample is wanted.
  [[nodiscard]] Instant deadline() const;

  // Nothing: it is not stalled.
  [[nodiscard]] std::optional<Instant> stalled_since() const;

 private:
  Instant last_sign_;
  Instant sampled_;
  Duration used_{0};  // at that time
  bool stalled_ = false;
};

}  // namespace poltergeist::build
