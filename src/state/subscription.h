// SPDX-License-Identifier: MIT
// Who listens to what: a list of listeners, and the handle that keeps one in it. One thread. A
// listener may subscribe and unsubscribe, itself too; one that throws is logged and does not stop
// the others.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace poltergeist::state {

// Unsubscribes when destroyed; may outlive what it subscribes to.
class Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::shared_ptr<void> listener) : listener_(std::move(listener)) {}
  Subscription(Subscription&&) = default;
  Subscription& operator=(Subscription&&) = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  void reset() { listener_.reset(); }
  explicit operator bool() const { return listener_ != nullptr; }

 private:
  std::shared_ptr<void> listener_;
};

// Runs `call`; logs what it throws, as said by `who`.
void call_guarded(const char* who, const std::function<void()>& call);

template <typename... Args>
class Listeners {
 public:
  using Listener = std::function<void(Args...)>;

  explicit Listeners(const char* name) : name_(name) {}

  [[nodiscard]] Subscription add(Listener listener) {
    auto shared = std::make_shared<Listener>(std::move(listener));
    listeners_.push_back(shared);
    return Subscription(std::move(shared));
  }

  // Calls those that are subscribed now, oldest first; who unsubscribes meanwhile is not called.
  void call(Args... args) {
    std::erase_if(listeners_, [](const auto& listener) { return listener.expired(); });
    const char* name = name_;
    for (const auto& weak : std::vector<std::weak_ptr<Listener>>(listeners_)) {
      // Held while it runs: it may end its own subscription.
      if (const auto listener = weak.lock()) call_guarded(name, [&] { (*listener)(args...); });
    }
  }

 private:
  const char* name_;
  // The Subscription owns the listener: gone with it.
  std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace poltergeist::state
