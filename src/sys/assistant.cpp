// SPDX-License-Identifier: MIT
#include "sys/assistant.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace poltergeist {

class Assistant::Thread {
 public:
  Thread() {
    try {
      thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
      // The owner does it all.
    }
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    given_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void give(Job job) {
    if (!thread_.joinable()) {
      job();
      ++done_count_;
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    given_.notify_one();
  }

  bool is_done() {
    const std::lock_guard lock(mutex_);
    return done_count_ > awaited_count_;
  }

  void await() {
    std::unique_lock lock(mutex_);
    ++awaited_count_;
    done_.wait(lock, [this] { return done_count_ >= awaited_count_; });
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      given_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
      if (is_ending_) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
      ++done_count_;
      done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable given_;
  std::condition_variable done_;
  std::deque<Job> jobs_;
  std::uint64_t done_count_ = 0;
  std::uint64_t awaited_count_ = 0;
  bool is_ending_ = false;
  std::thread thread_;
};

Assistant::Assistant() : thread_(std::make_unique<Thread>()) {}
Assistant::~Assistant() = default;

void Assistant::give(Job job) {
  thread_->give(std::move(job));
}

bool Assistant::is_done() const {
  return thread_->is_done();
}

void Assistant::await() {
  thread_->await();
}

}  // namespace poltergeist
