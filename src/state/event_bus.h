// SPDX-License-Identifier: MIT
// The one way on which the parts of the daemon hear of each other. An event gets the next number of
// its scope when it is published, is written down in the journal, and only then told: to every
// listener once, in the order published, also what a listener publishes itself (it is delivered
// when the event before it has reached everybody). One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/time.h"
#include "state/event.h"
#include "state/journal.h"
#include "state/subscription.h"

namespace poltergeist::state {

class EventBus {
 public:
  using Listener = std::function<void(const Event&)>;

  // What is published is told at once, and not kept.
  EventBus() = default;
  // `wants_flush` is called when something was published; the owner calls flush() soon after it,
  // not from within, so that what happens at once is written down at once.
  EventBus(Journal journal, std::function<void()> wants_flush)
      : journal_(std::move(journal)), wants_flush_(std::move(wants_flush)) {}

  [[nodiscard]] Subscription subscribe(Listener listener);
  // Returns the number that the event got.
  std::uint64_t publish(EventBody body, WallTime now);
  // Writes down what was published, and tells it. What cannot be written is told as well:
  // journal().trouble().
  void flush(Instant now);
  // Of a scope that nothing happens in any more: its numbers are forgotten.
  void forget(const std::string& scope) { journal_.forget(scope); }
  [[nodiscard]] Journal& journal() { return journal_; }
  [[nodiscard]] const Journal& journal() const { return journal_; }

 private:
  Journal journal_;
  std::function<void()> wants_flush_;
  Listeners<const Event&> listeners_{"a listener of the event bus"};
  std::deque<Event> undelivered_;
  bool delivering_ = false;
};

}  // namespace poltergeist::state
