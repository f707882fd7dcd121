// SPDX-License-Identifier: MIT
// A thread that takes work off its owner, who does something else meanwhile and looks from time to
// time whether it is done; no loop takes part. It lives as long as the Assistant.
#pragma once

#include <functional>
#include <memory>

namespace poltergeist {

class Assistant {
 public:
  using Job = std::function<void()>;

  Assistant();
  // Waits for the job that runs. Jobs that wait are dropped.
  ~Assistant();
  Assistant(const Assistant&) = delete;
  Assistant& operator=(const Assistant&) = delete;

  // One job after the other, in this order; none may throw. What a job uses is its own until it has
  // been awaited. Where no thread can be had, it is done before this returns.
  void give(Job job);
  // Whether the first job that was not awaited yet is done: await() would not wait.
  [[nodiscard]] bool is_done() const;
  // Until the first job that was not awaited yet is done. There must be one.
  void await();

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace poltergeist
