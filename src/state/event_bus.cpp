// SPDX-License-Identifier: MIT
#include "state/event_bus.h"

#include <utility>

namespace poltergeist::state {

Subscription EventBus::subscribe(Listener listener) {
  return listeners_.add(std::move(listener));
}

std::uint64_t EventBus::publish(EventBody body, WallTime now) {
  // Numbers of executions never come twice (executions.h).
  const bool is_first = std::holds_alternative<ExecutionQueued>(body);
  Event event{scope_of(body), 0, now, std::move(body)};
  journal_.add(event, is_first);
  const auto seq = event.seq;
  undelivered_.push_back(std::move(event));
  if (!wants_flush_) {
    flush({});
  } else if (undelivered_.size() == 1) {
    wants_flush_();
  }
  return seq;
}

void EventBus::flush(Instant now) {
  if (delivering_) return;
  delivering_ = true;  // listeners do not throw out of a call
  do {
    // Its trouble is told by whoever owns us; those who listen need the event all the same.
    [[maybe_unused]] const auto stored = journal_.store(now);
    const auto batch = std::exchange(undelivered_, {});
    for (const auto& event : batch) listeners_.call(event);
  } while (!undelivered_.empty());
  delivering_ = false;
}

}  // namespace poltergeist::state
