// SPDX-License-Identifier: MIT
// The one way on which the parts of the daemon hear of each other. An event gets the next number of
// its scope when it is published, before anybody hears of it; that is where a journal stores it.
// Every listener gets every event once, in the order published, also what a listener publishes
// itself (it is delivered when the event before it has reached everybody). One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "base/time.h"
#include "state/event.h"
#include "state/subscription.h"

namespace poltergeist::state {

class EventBus {
 public:
  using Listener = std::function<void(const Event&)>;

  [[nodiscard]] Subscription subscribe(Listener listener);
  // Returns the number that the event got.
  std::uint64_t publish(EventBody body, WallTime now);
  // Of a scope that nothing happens in any more: its numbers are forgotten.
  void forget(const std::string& scope) { last_seq_.erase(scope); }
  // The number of the last event of a scope; 0 if there was none.
  [[nodiscard]] std::uint64_t last_seq(const std::string& scope) const;

 private:
  void deliver();

  Listeners<const Event&> listeners_{"a listener of the event bus"};
  std::map<std::string, std::uint64_t> last_seq_;
  std::deque<Event> undelivered_;
  bool delivering_ = false;
};

}  // namespace poltergeist::state
