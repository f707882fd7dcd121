// SPDX-License-Identifier: MIT
#include "sys/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <limits>

#include "base/log.h"
#include "sys/clock.h"

namespace poltergeist {

namespace {

constexpr Milliseconds kSlowCallback{20};
constexpr std::size_t kEventsPerTurn = 64;
// A timer that is due again whenever it was called is a bug. Far more than any work in slices
// takes; from then on the turns are slowed, so that it costs little until somebody mends it.
constexpr int kMostIdleTurns = 1000;
constexpr int kIdleTurnPauseMs = 10;
constexpr Loop::Token kWakeToken = 0;

// Logs a callback that kept the loop from everything else.
class SlowCallbackWatch {
 public:
  explicit SlowCallbackWatch(const std::string& name) : name_(name), started_(now()) {}
  SlowCallbackWatch(const SlowCallbackWatch&) = delete;
  SlowCallbackWatch& operator=(const SlowCallbackWatch&) = delete;
  ~SlowCallbackWatch() {
    const auto took = now() - started_;
    if (took > kSlowCallback) log_warn("{} kept the loop for {}", name_, format_duration(took));
  }

 private:
  const std::string& name_;
  Instant started_;
};

}  // namespace

Loop::Handle::Handle(Handle&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), token_(other.token_) {}

Loop::Handle& Loop::Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    reset();
    loop_ = std::exchange(other.loop_, nullptr);
    token_ = other.token_;
  }
  return *this;
}

void Loop::Handle::reset() {
  if (loop_ != nullptr) std::exchange(loop_, nullptr)->forget(token_);
}

Result<std::unique_ptr<Loop>> Loop::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return fail_errno("creating the event loop");
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return fail_errno("creating the event loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeToken;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return fail_errno("creating the event loop");
  }
  return std::unique_ptr<Loop>(new Loop(std::move(epoll), std::move(wake)));
}

Loop::~Loop() = default;

Result<Loop::Handle> Loop::watch(int fd, std::uint32_t events, std::string name, OnReady ready) {
  const Token token = ++last_token_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return fail_errno("watching {}", name);
  }
  watches_.emplace(token, std::make_shared<Watch>(Watch{fd, std::move(name), std::move(ready)}));
  return Handle(this, token);
}

void Loop::change(const Handle& handle, std::uint32_t events) {
  const auto found = watches_.find(handle.token_);
  if (found == watches_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = handle.token_;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second->fd, &event);
}

Loop::Handle Loop::at(Instant when, std::string name, OnTime due) {
  const Token token = ++last_token_;
  timers_.emplace(token, std::make_shared<Timer>(Timer{when, std::move(name), std::move(due)}));
  queue_.emplace(when, token);
  return {this, token};
}

void Loop::post(std::function<void()> job) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(job));
  }
  const std::uint64_t one = 1;
  // A full counter means that the loop is about to wake anyway.
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void Loop::run() {
  run_until([] { return false; });
}

bool Loop::run_until(const std::function<bool()>& done) {
  stopped_ = false;
  while (!done()) {
    if (stopped_) return false;
    turn();
  }
  return true;
}

void Loop::turn() {
  notice_spinning();
  std::array<epoll_event, kEventsPerTurn> events{};
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms());
  if (count > 0) idle_turns_ = 0;
  for (int i = 0; i < count && !stopped_; ++i) {
    const auto& event = events.at(static_cast<std::size_t>(i));
    if (event.data.u64 == kWakeToken) {
      call_posted();
    } else {
      call_ready(event.data.u64, event.events);
    }
  }
  if (!stopped_) call_due_timers();
}

int Loop::timeout_ms() const {
  if (queue_.empty()) return -1;
  const auto left = queue_.begin()->first - now();
  if (left <= Duration::zero()) return idle_turns_ < kMostIdleTurns ? 0 : kIdleTurnPauseMs;
  // Rounded up: a timer that fires early would only be waited for again.
  const auto ms = std::chrono::ceil<Milliseconds>(left).count();
  return ms > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max()
                                              : static_cast<int>(ms);
}

void Loop::notice_spinning() {
  const bool is_overdue = !queue_.empty() && queue_.begin()->first <= now();
  idle_turns_ = is_overdue ? idle_turns_ + 1 : 0;
  if (idle_turns_ == kMostIdleTurns) {
    log_error("{} is due again whenever it was done: slowing down",
              timers_.at(queue_.begin()->second)->name);
  }
}

void Loop::call_ready(Token token, std::uint32_t events) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;  // destroyed by a callback of this turn
  const auto kept_alive = found->second;
  const SlowCallbackWatch slow(kept_alive->name);
  kept_alive->ready(events);
}

void Loop::call_due_timers() {
  const Instant current = now();
  // Timers that a callback sets for "now" wait for the next turn: descriptors must not starve.
  const Token newest = last_token_;
  while (!stopped_ && !queue_.empty() && queue_.begin()->first <= current) {
    const Token token = queue_.begin()->second;
    if (token > newest) return;
    const auto timer = timers_.at(token);
    queue_.erase(queue_.begin());
    timers_.erase(token);
    const SlowCallbackWatch slow(timer->name);
    timer->due();
  }
}

void Loop::call_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(posted_mutex_);
    jobs.swap(posted_);
  }
  for (const auto& job : jobs) job();
}

void Loop::forget(Token token) {
  if (const auto watch = watches_.find(token); watch != watches_.end()) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watch->second->fd, nullptr);
    watches_.erase(watch);
    return;
  }
  if (const auto timer = timers_.find(token); timer != timers_.end()) {
    queue_.erase({timer->second->when, token});
    timers_.erase(timer);
  }
}

}  // namespace poltergeist
