// SPDX-License-Identifier: MIT
#include "process/stop_ladder.h"

#include <algorithm>

namespace poltergeist::process {

namespace {

constexpr Seconds kKillTakesAtMost{2};

bool kills(const Rung& rung) {
  return rung.signal == SIGKILL;
}

}  // namespace

StopLadder stop_ladder(int signal, Duration grace) {
  if (signal == SIGKILL) return {{SIGKILL, kKillTakesAtMost}};
  return {{signal, grace}, {SIGKILL, kKillTakesAtMost}};
}

StopWalk::StopWalk(StopLadder ladder, Instant now) : ladder_(std::move(ladder)) {
  const auto kill = std::find_if(ladder_.begin(), ladder_.end(), kills);
  if (kill == ladder_.end()) {
    ladder_.push_back({SIGKILL, kKillTakesAtMost});
  } else {
    ladder_.erase(kill + 1, ladder_.end());  // nothing is stronger
  }
  until_ = kills_at_ = now;
  for (const auto& rung : ladder_) {
    if (!kills(rung)) kills_at_ += rung.patience;
  }
}

std::vector<StopAction> StopWalk::on_started(Instant now) {
  return {enter(0, now)};
}

std::vector<StopAction> StopWalk::on_leader_exited() {
  if (is_done_ || has_killed() || told_leftovers_ || ladder_[rung_].signal == SIGTERM) return {};
  told_leftovers_ = true;
  return {SignalAll{SIGTERM}};
}

std::vector<StopAction> StopWalk::on_time(Instant now) {
  std::vector<StopAction> actions;
  while (deadline() && now >= until_) {
    if (has_killed()) {
      has_reported_ = true;
      actions.emplace_back(ReportStuck{});
    } else {
      actions.push_back(enter(rung_ + 1, until_));
    }
  }
  return actions;
}

std::vector<StopAction> StopWalk::hurry(Instant now) {
  if (is_done_ || has_killed()) return {};
  return {enter(ladder_.size() - 1, now)};
}

bool StopWalk::has_killed() const {
  return kills(ladder_[rung_]) && has_started_;
}

std::optional<Instant> StopWalk::deadline() const {
  if (!has_started_ || is_done_ || has_reported_) return std::nullopt;
  return until_;
}

StopAction StopWalk::enter(std::size_t rung, Instant now) {
  has_started_ = true;
  rung_ = rung;
  until_ = now + ladder_[rung].patience;
  if (kills(ladder_[rung])) {
    kills_at_ = now;
    return KillAll{};
  }
  return SignalAll{ladder_[rung].signal};
}

}  // namespace poltergeist::process
