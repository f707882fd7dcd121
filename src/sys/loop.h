// SPDX-License-Identifier: MIT
// The event loop: one thread, epoll (level-triggered), timers as the epoll timeout, so that an idle
// program is never woken.
//
// A registration lives as long as its Handle; a callback may destroy any Handle, its own included.
// Declare a Handle after the descriptor that it watches, so that it goes first. Callbacks that take
// longer than 20 ms are logged with their name: nothing else runs meanwhile, and kernel queues
// fill. Only post() may be called from another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/unique_fd.h"

namespace poltergeist {

class Loop {
 public:
  using Token = std::uint64_t;

  // Ends its registration when destroyed. Must not outlive the Loop.
  class Handle {
   public:
    Handle() = default;
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&& other) noexcept;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { reset(); }
    void reset();
    explicit operator bool() const { return loop_ != nullptr; }

   private:
    friend class Loop;
    Handle(Loop* loop, Token token) : loop_(loop), token_(token) {}
    Loop* loop_ = nullptr;
    Token token_ = 0;
  };

  // What a descriptor is watched for, and what it is found to be (EPOLLIN, EPOLLOUT, EPOLLHUP, …).
  using OnReady = std::function<void(std::uint32_t events)>;
  using OnTime = std::function<void()>;

  [[nodiscard]] static Result<std::unique_ptr<Loop>> create();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls `ready` whenever `fd` is ready for `events`. The name is for the log. Fails for what
  // epoll cannot watch (regular files).
  [[nodiscard]] Result<Handle> watch(int fd, std::uint32_t events, std::string name, OnReady ready);
  // Changes what a watch is waiting for.
  void change(const Handle& handle, std::uint32_t events);
  // Calls `due` once, at `when` or as soon after it as the loop gets to it.
  [[nodiscard]] Handle at(Instant when, std::string name, OnTime due);
  // Calls `job` on the loop's thread, after the callbacks that are due. From any thread.
  void post(std::function<void()> job);

  // Until stop().
  void run();
  // Until `done` says true after a callback; false when stopped before.
  bool run_until(const std::function<bool()>& done);
  void stop() { stopped_ = true; }

 private:
  struct Watch {
    int fd;
    std::string name;
    OnReady ready;
  };
  struct Timer {
    Instant when;
    std::string name;
    OnTime due;
  };

  Loop(UniqueFd epoll, UniqueFd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  void turn();
  [[nodiscard]] int timeout_ms() const;
  void notice_spinning();
  void call_ready(Token token, std::uint32_t events);
  void call_due_timers();
  void call_posted();
  void forget(Token token);

  UniqueFd epoll_;
  UniqueFd wake_;  // an eventfd that post() writes to; its token is 0
  bool stopped_ = false;
  Token last_token_ = 0;
  int idle_turns_ = 0;  // in a row, in which a timer was due and nothing else happened
  std::unordered_map<Token, std::shared_ptr<Watch>> watches_;
  std::unordered_map<Token, std::shared_ptr<Timer>> timers_;
  std::set<std::pair<Instant, Token>> queue_;  // timers by time, then by age
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
};

}  // namespace poltergeist
