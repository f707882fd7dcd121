// SPDX-License-Identifier: MIT
// How a unit is stopped: signals of growing force, each with the patience that it is given. The
// walk is pure: it is told what happens and says what to do.
#pragma once

#include <csignal>
#include <optional>
#include <variant>
#include <vector>

#include "base/time.h"

namespace poltergeist::process {

struct Rung {
  int signal = SIGTERM;
  Duration patience{};  // how long the unit may take to be gone before the next rung

  friend bool operator==(const Rung&, const Rung&) = default;
};
using StopLadder = std::vector<Rung>;

// `signal`, and after `grace` SIGKILL, which cannot fail: a process that is still there 2 s later
// waits for a device and is reported.
[[nodiscard]] StopLadder stop_ladder(int signal, Duration grace);

struct SignalAll {
  int signal = 0;
  friend bool operator==(const SignalAll&, const SignalAll&) = default;
};
struct KillAll {
  friend bool operator==(const KillAll&, const KillAll&) = default;
};
// The last rung's patience is over and something is still there: a person has to know. The walk
// goes on.
struct ReportStuck {
  friend bool operator==(const ReportStuck&, const ReportStuck&) = default;
};
using StopAction = std::variant<SignalAll, KillAll, ReportStuck>;

class StopWalk {
 public:
  // A ladder without SIGKILL gets it as its last rung; rungs behind SIGKILL are nothing.
  StopWalk(StopLadder ladder, Instant now);

  [[nodiscard]] std::vector<StopAction> on_started(Instant now);
  // What the leader leaves behind is told SIGTERM, once: a shell's background jobs ignore SIGINT.
  [[nodiscard]] std::vector<StopAction> on_leader_exited();
  [[nodiscard]] std::vector<StopAction> on_time(Instant now);
  void on_empty() { is_done_ = true; }
  // Comes to SIGKILL now: a second Ctrl+C.
  [[nodiscard]] std::vector<StopAction> hurry(Instant now);

  // When it comes to SIGKILL, or came to it.
  [[nodiscard]] Instant kills_at() const { return kills_at_; }
  [[nodiscard]] std::optional<Instant> deadline() const;

 private:
  [[nodiscard]] bool has_killed() const;
  [[nodiscard]] StopAction enter(std::size_t rung, Instant now);

  StopLadder ladder_;  // the last rung is SIGKILL
  std::size_t rung_ = 0;
  Instant until_;  // when the patience of this rung ends
  Instant kills_at_;
  bool has_started_ = false;
  bool told_leftovers_ = false;
  bool has_reported_ = false;
  bool is_done_ = false;
};

}  // namespace poltergeist::process
