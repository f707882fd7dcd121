// SPDX-License-Identifier: MIT
#include "state/event_bus.h"

#include <utility>

namespace poltergeist::state {

Subscription EventBus::subscribe(Listener listener) {
  return listeners_.add(std::move(listener));
}

std::uint64_t EventBus::publish(EventBody body, WallTime now) {
  auto scope = scope_of(body);
  const auto seq = ++last_seq_[scope];
  undelivered_.push_back(Event{std::move(scope), seq, now, std::move(body)});
  if (!delivering_) deliver();
  return seq;
}

void EventBus::deliver() {
  delivering_ = true;  // listeners do not throw out of a call
  while (!undelivered_.empty()) {
    const Event event = std::move(undelivered_.front());
    undelivered_.pop_front();
    listeners_.call(event);
  }
  delivering_ = false;
}

std::uint64_t EventBus::last_seq(const std::string& scope) const {
  const auto found = last_seq_.find(scope);
  return found == last_seq_.end() ? 0 : found->second;
}

}  // namespace poltergeist::state
