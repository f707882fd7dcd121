// SPDX-License-Identifier: MIT
// Keeps one built program running: the same core for the daemon's autoRun and for `polter --watch`.
// Pure: it is told what happened and what time it is, and says what to do; it starts nothing and
// reads no clock.
//
// The model
//
// Actual and desired are apart. Actual is a RunnerState and whether anything of the unit is left.
// Desired is whether the program is to be up at all (`start`, `stop`), and a demand: a number that
// grows with every success and every explicit start or restart. A launch serves the demand of its
// moment. Level-triggered: a program that is up and whose launch serves an older demand is stopped;
// when nothing of it is left, and the program is to be up, and the demand is unserved and due, it
// is launched, always the newest generation. So no restart can be lost: not by a program that exits
// meanwhile, not by a success that arrives while the old one is being stopped.
//
//   idle       nothing runs: no success yet, or stopped on purpose
//   starting   Launch was said and not answered, or its file is busy and it is tried again
//   running    the leader runs
//   stopping   told to end; something of it may be left
//   completed  exited by itself with 0; waits for the next success
//   failed     exited by itself otherwise, or could not be launched; waits for the next success
//
// When due: the first success is launched at once. A later one waits `restart_delay`, counted from
// the first that is not served; all that come meanwhile are served by one launch of the newest.
// Explicit requests do not wait. A failed build changes nothing. Old and new never overlap: Launch
// is said only after on_gone().
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/enum_names.h"
#include "base/exit.h"
#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "config/project.h"
#include "runners/runner_state.h"

namespace poltergeist::runners {

struct RunnerPolicy {
  int restart_signal = SIGINT;
  Duration restart_delay = Milliseconds(250);
  Duration stop_timeout = Milliseconds(5000);  // from the signal to SIGKILL

  friend bool operator==(const RunnerPolicy&, const RunnerPolicy&) = default;
};
[[nodiscard]] RunnerPolicy policy_for(const config::AutoRun& settings);

// ---- What to do, in this order

// Start the program as built by `generation`; answer with on_launched() or on_launch_failed().
struct Launch {
  BuildId generation;
  friend bool operator==(const Launch&, const Launch&) = default;
};
// Send it to everything of the unit.
struct Signal {
  int number = 0;
  friend bool operator==(const Signal&, const Signal&) = default;
};
// SIGKILL to everything of the unit.
struct KillAll {
  friend bool operator==(const KillAll&, const KillAll&) = default;
};
// The state changed: publish it.
struct Entered {
  RunnerState state = RunnerState::Idle;
  friend bool operator==(const Entered&, const Entered&) = default;
};

enum class Notice { Exited, BuildFailed, Restarting, Killed, Stuck, LaunchFailed };
inline constexpr auto kNotices = std::to_array<EnumName<Notice>>({
    {Notice::Exited, "exited"},
    {Notice::BuildFailed, "build_failed"},
    {Notice::Restarting, "restarting"},
    {Notice::Killed, "killed"},
    {Notice::Stuck, "stuck"},
    {Notice::LaunchFailed, "launch_failed"},
});
// One line for people.
struct Announce {
  Notice notice = Notice::Exited;
  std::string text;
  friend bool operator==(const Announce&, const Announce&) = default;
};

using Action = std::variant<Launch, Signal, KillAll, Entered, Announce>;
using Actions = std::vector<Action>;

class RunnerCore {
 public:
  enum class Initially { Up, Down };
  explicit RunnerCore(RunnerPolicy policy, Initially initially = Initially::Up);

  // A reloaded configuration; holds for what happens from now on.
  void set_policy(RunnerPolicy policy) { policy_ = policy; }

  // `generation` was built (or found fresh at start) and is to run. An older one than known is
  // ignored.
  [[nodiscard]] Actions on_success(BuildId generation, Instant now);
  [[nodiscard]] Actions on_build_failed(const std::string& summary, Instant now) const;
  [[nodiscard]] Actions on_launched(Instant now);
  // Errc::Busy is tried again for up to a second.
  [[nodiscard]] Actions on_launch_failed(const Error& error, Instant now);
  [[nodiscard]] Actions on_leader_exited(Exit exit, Instant now);
  // Nothing of the unit is left.
  [[nodiscard]] Actions on_gone(Instant now);
  // Start what is not running; nothing if it runs.
  [[nodiscard]] Actions request_start(Instant now);
  [[nodiscard]] Actions request_stop(Instant now);
  // request_stop(), and what was built so far is never launched again: the next success is the
  // first, whatever its number.
  [[nodiscard]] Actions request_forget(Instant now);
  // Also starts what is stopped.
  [[nodiscard]] Actions request_restart(Instant now);
  [[nodiscard]] Actions on_time(Instant now);

  [[nodiscard]] RunnerState state() const { return at_.state; }
  // Nothing of a unit of ours is left and none is being started: the owner may go.
  [[nodiscard]] bool is_down() const;
  // A restart or a first start that has yet to happen.
  [[nodiscard]] bool is_pending() const;
  // Of the latest launch; 0 before the first.
  [[nodiscard]] BuildId running_generation() const { return launched_; }
  [[nodiscard]] BuildId wanted_generation() const { return wanted_; }
  [[nodiscard]] std::optional<Exit> last_exit() const { return last_exit_; }
  // The success whose program is to come up without anybody's further request; 0: none.
  [[nodiscard]] BuildId awaited() const { return awaited_; }
  // The success for which the running program was told to end; 0: for none, or nothing was told.
  [[nodiscard]] BuildId making_room_for() const { return making_room_for_; }
  // Launches that worked, beyond the first.
  [[nodiscard]] std::uint64_t restarts() const { return launches_ > 0 ? launches_ - 1 : 0; }
  [[nodiscard]] std::optional<Instant> deadline() const;

 private:
  void demand(Instant due);
  void decide(Instant now, Actions& actions);
  void apply(RunnerEvent event, Instant now, Actions& actions);
  void perform(RunnerStep step, Instant now, Actions& actions);

  RunnerPolicy policy_;
  Standing at_;
  bool want_up_;
  std::uint64_t demanded_ = 0;
  std::uint64_t served_ = 0;  // the demand that the latest launch was for
  Instant due_{};             // when the unserved demand is to be served
  BuildId wanted_;            // the newest success
  BuildId launched_;          // what the latest launch was of
  BuildId awaited_;           // awaited()
  BuildId making_room_for_;   // making_room_for()
  std::uint64_t launches_ = 0;
  std::optional<Exit> last_exit_;
  std::optional<Instant> kill_at_;
  std::optional<Instant> stuck_at_;     // when a unit that SIGKILL did not end is reported
  std::optional<Instant> retry_at_;     // when a busy file is tried again
  std::optional<Instant> retry_until_;  // when trying a busy file ends
  Duration backoff_{};
};

}  // namespace poltergeist::runners
