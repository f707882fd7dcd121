// SPDX-License-Identifier: MIT
#include "daemon/waiting.h"

#include <algorithm>

#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

constexpr Milliseconds kProgressEvery{100};

// Whoever waits for the build of what is there now closes its window. Whoever waits for a build to
// come (`polter --watch`, always) does not: a checkout would be built at its first file.
bool wants_it_now(const Waiter& waiter) {
  return !waiter.no_build && waiter.after == BuildId();
}

}  // namespace

Waiting::Waiting(Loop& loop, Building& building, const Answers& answers)
    : loop_(loop),
      building_(building),
      answers_(answers),
      timer_(loop_, "waiting clients", [this] { on_time(); }) {}

void Waiting::add(Waiter waiter) {
  for (const auto& target : waiter.targets) {
    if (!waiter.no_build) building_.check_artifact(target);
  }
  if (wants_it_now(waiter)) {
    for (const auto& target : waiter.targets) building_.hurry(target);
  }
  waiters_.push_back(std::move(waiter));
  look_again();
}

void Waiting::cancel(std::uint64_t owner) {
  waiters_.remove_if([&](const Waiter& waiter) { return waiter.owner == owner; });
  arm();
}

bool Waiting::is_waiting(std::uint64_t owner) const {
  return std::any_of(waiters_.begin(), waiters_.end(),
                     [&](const Waiter& waiter) { return waiter.owner == owner; });
}

// Looking can change things (a window is closed, a build starts and fails at once), which looks
// again: not within, but once more after.
void Waiting::look_again() {
  look_once_more_ = true;
  if (looking_) return;
  looking_ = true;
  while (look_once_more_) {
    look_once_more_ = false;
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
      if (try_answer(*waiter)) {
        waiter = waiters_.erase(waiter);
      } else {
        ++waiter;
      }
    }
  }
  looking_ = false;
  arm();
}

// It failed and is tried again, so that its failure answers nobody yet.
bool Waiting::is_retried(const build::Verdict& verdict) const {
  return verdict.hold == build::Hold::Retry && !building_.core().is_paused();
}

bool Waiting::is_settled(const Waiter& waiter, const TargetId& target) const {
  if (waiter.no_build || answers_.cannot_know()) return true;
  const auto verdict = building_.core().verdict(target);
  if (is_retried(verdict)) return false;
  switch (verdict.standing) {
    case build::Standing::Unknown:
      return false;
    case build::Standing::Fresh:
    case build::Standing::Failed:
      return waiter.after < answers_.last_build(target) || waiter.after == BuildId();
    case build::Standing::Blocked:
      return !verdict.blocked_by || !is_retried(building_.core().verdict(*verdict.blocked_by));
    case build::Standing::Building:
      return false;
    case build::Standing::Pending:
      break;
  }
  return answers_.nobody_builds(target);
}

bool Waiting::try_answer(Waiter& waiter) {
  if (waiter.all) {
    std::erase_if(waiter.targets,
                  [&](const TargetId& target) { return !answers_.is_enabled(target); });
  }
  for (const auto& target : waiter.targets) {
    if (answers_.is_configured(target)) continue;
    if (waiter.gone) waiter.gone(target);
    return true;
  }
  const bool settled =
      std::all_of(waiter.targets.begin(), waiter.targets.end(),
                  [&](const TargetId& target) { return is_settled(waiter, target); });
  if (!settled) {
    // Changes that came since have opened new windows: nobody who waits waits for those.
    for (const auto& target : waiter.targets) {
      const bool is_held = building_.core().verdict(target).hold == build::Hold::Window;
      if (is_held && wants_it_now(waiter)) building_.hurry(target);
    }
    return false;
  }
  std::vector<build::LeaseId> leases;
  api::WaitResult result = answers_.result_for(waiter.targets);
  if (waiter.lease) {
    for (std::size_t i = 0; i < waiter.targets.size(); ++i) {
      if (result.targets[i].answer == api::Answer::Fresh) {
        leases.push_back(building_.lease(waiter.targets[i]));
      }
    }
  }
  waiter.answer(result, std::move(leases));
  return true;
}

void Waiting::on_time() {
  const Instant current = now();
  if (next_progress_ && *next_progress_ <= current) {
    next_progress_ = current + kProgressEvery;
    for (auto& waiter : waiters_) send_progress(waiter);
  }
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    if (waiter->deadline && *waiter->deadline <= current) {
      waiter->time_out();
      waiter = waiters_.erase(waiter);
    } else {
      ++waiter;
    }
  }
  arm();
}

void Waiting::send_progress(Waiter& waiter) {
  if (!waiter.progress) return;
  for (const auto& target : waiter.targets) {
    if (is_settled(waiter, target)) continue;
    auto note = answers_.progress_of(target);
    note.elapsed = std::chrono::duration_cast<Milliseconds>(now() - waiter.since);
    waiter.progress(note);
    return;  // one at a time: the first that is not done
  }
}

void Waiting::arm() {
  const bool wanted = std::any_of(waiters_.begin(), waiters_.end(), [](const Waiter& waiter) {
    return static_cast<bool>(waiter.progress);
  });
  if (!wanted) next_progress_.reset();
  if (wanted && !next_progress_) next_progress_ = now() + kProgressEvery;
  std::optional<Instant> deadline = next_progress_;
  for (const auto& waiter : waiters_) deadline = earlier(deadline, waiter.deadline);
  timer_.arm(deadline);
}

}  // namespace poltergeist::daemon
