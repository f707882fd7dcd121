// SPDX-License-Identifier: MIT
// Who waits for which targets to settle, and what they are told. A waiter never holds anything
// back: it closes quiet windows, looks again whenever something changed, and is answered once.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"
#include "build/core.h"
#include "config/project.h"
#include "daemon/answers.h"
#include "daemon/building.h"
#include "sys/deadline_timer.h"
#include "sys/loop.h"

namespace poltergeist::daemon {

struct Waiter {
  // Of the connection that asked; cancel() by it.
  std::uint64_t owner = 0;
  std::vector<TargetId> targets;
  bool all = false;  // of whatever is configured and enabled: what no longer is, is not waited for
  BuildId after;     // 0: any build will do
  bool no_build = false;
  bool lease = false;
  std::function<void(const api::WaitResult&, std::vector<build::LeaseId>)> answer;
  std::function<void(const TargetId&)> gone;               // a target that it waits for was removed
  std::function<void()> time_out;                          // when `deadline` passes
  std::function<void(const api::ProgressNote&)> progress;  // empty: not asked for
  std::optional<Instant> deadline;
  Instant since;
};

class Waiting {
 public:
  Waiting(Loop& loop, Building& building, const Answers& answers);

  // Answers at once if it can. The caller has synced.
  void add(Waiter waiter);
  void cancel(std::uint64_t owner);
  [[nodiscard]] bool is_waiting(std::uint64_t owner) const;
  // Something may have changed.
  void look_again();
  [[nodiscard]] bool empty() const { return waiters_.empty(); }

 private:
  [[nodiscard]] bool is_retried(const build::Verdict& verdict) const;
  [[nodiscard]] bool is_settled(const Waiter& waiter, const TargetId& target) const;
  [[nodiscard]] bool try_answer(Waiter& waiter);
  void on_time();
  void send_progress(Waiter& waiter);
  void arm();

  Loop& loop_;
  Building& building_;
  const Answers& answers_;
  std::list<Waiter> waiters_;
  bool looking_ = false;
  bool look_once_more_ = false;
  std::optional<Instant> next_progress_;
  DeadlineTimer timer_;
};

}  // namespace poltergeist::daemon
