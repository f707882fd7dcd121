// SPDX-License-Identifier: MIT
#include "sys/worker.h"

#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace poltergeist {

// Shared with what is on its way through the loop, which may come when the worker is gone.
class Worker::Thread : public std::enable_shared_from_this<Thread> {
 public:
  void give(Loop& loop, Job job, Done done) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(job), std::move(done)});
    if (is_running_) return;
    if (thread_.joinable()) thread_.join();  // it is past its last look at the tasks
    try {
      thread_ = std::thread([this, &loop] { work(loop); });
      is_running_ = true;
    } catch (const std::system_error& error) {
      refuse(loop, error);
    }
  }

  void end() {
    {
      const std::lock_guard lock(mutex_);
      tasks_.clear();
    }
    if (thread_.joinable()) thread_.join();
    is_wanted_ = false;
  }

 private:
  struct Task {
    Job job;
    Done done;
  };

  // There is no thread to be had. The lock is held.
  void refuse(Loop& loop, const std::system_error& error) {
    auto task = std::move(tasks_.back());
    tasks_.pop_back();
    const Error why{Errc::Unavailable, std::string("no thread can be started: ") + error.what()};
    deliver(loop, std::move(task.done), fail(why));
  }

  void deliver(Loop& loop, Done done, Result<void> result) {
    loop.post([self = shared_from_this(), done = std::move(done), result = std::move(result)] {
      if (self->is_wanted_) done(result);
    });
  }

  bool take(Task& task) {
    const std::lock_guard lock(mutex_);
    is_running_ = !tasks_.empty();
    if (!is_running_) return false;
    task = std::move(tasks_.front());
    tasks_.pop_front();
    return true;
  }

  void work(Loop& loop) {
    for (Task task; take(task);) {
      auto result = task.job();
      deliver(loop, std::move(task.done), std::move(result));
    }
  }

  std::mutex mutex_;
  std::deque<Task> tasks_;
  bool is_running_ = false;
  std::thread thread_;     // of the loop's thread, as is:
  bool is_wanted_ = true;  // there is somebody to deliver to
};

Worker::Worker(Loop& loop) : loop_(loop), thread_(std::make_shared<Thread>()) {}

Worker::~Worker() {
  thread_->end();
}

void Worker::run(Job job, Done done) {
  thread_->give(loop_, std::move(job), std::move(done));
}

}  // namespace poltergeist
