// SPDX-License-Identifier: MIT
// A thread beside the loop's, for what a disk may keep waiting. A job is given values of its own
// and gives one back, which is delivered on the loop's thread. The thread lives while there are
// jobs: an idle program has none.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "sys/loop.h"

namespace poltergeist {

class Worker {
 public:
  using Job = std::function<Result<void>()>;
  using Done = std::function<void(const Result<void>&)>;

  // The loop outlives it.
  explicit Worker(Loop& loop);
  // Waits for the job that runs. Jobs that wait are dropped, and nothing is delivered any more.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // One job after the other, in this order. Neither may throw. Where no thread can be had, `done`
  // is told Errc::Unavailable, and the job is not done.
  void run(Job job, Done done);

 private:
  class Thread;
  Loop& loop_;
  std::shared_ptr<Thread> thread_;
};

}  // namespace poltergeist
