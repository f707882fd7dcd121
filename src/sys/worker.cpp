// SPDX-License-Identifier: MIT
#include "sys/worker.h"

#include <deque>
#include <mutex>
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
    is_running_ = true;
    thread_ = std::thread([this, &loop] { work(loop); });
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
      loop.post([self = shared_from_this(), done = std::move(task.done), result = task.job()] {
        if (self->is_wanted_) done(result);
      });
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
