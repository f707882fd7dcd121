// SPDX-License-Identifier: MIT
// Keeps one built program running: the same core for the daemon's autoRun and for `polter --watch`.
// Pure: it is told what happened and what time it is, and says what to do; it starts nothing and
// reads no clock.
//
// The model
//
// Actual and desired are apart. Actual is a RunnerState, whether anything of the program's unit is
// left, whether there is a sidecar, and whether the cleanup executes. Desired is whether the
// program is to be up at all (`start`, `stop`), and a demand: a number that grows with every
// success, every explicit start or restart, and every exit that is to be made good. A launch serves
// the demand of its moment. Level-triggered: a handful of rules compare what is with what shall be,
// each in one respect, until none of them finds a difference. So no restart can be lost: not by a
// program that exits meanwhile, not by a success that arrives while the old one is being stopped.
//
//   idle       nothing runs: no success yet, or stopped on purpose
//   starting   Launch was said and not answered, or its file is busy and it is tried again, or the
//              process is there and not ready
//   running    the leader runs, and is ready
//   stopping   told to end, or about to be when the cleanup has ended; something of it may be left
//   completed  exited by itself with 0
//   failed     exited by itself otherwise, could not be launched, or was not ready in time
//
// When due: the first success is launched at once. A later one waits `restart_delay`, counted from
// the first that is not served; all that come meanwhile are served by one launch of the newest.
// Explicit requests do not wait. A program that exited is launched again by the next success, or
// with OnExit::Restart by itself, after RestartBackoff's delay. A failed build changes nothing. Old
// and new never overlap: Launch is said only after on_gone().
//
// Rolled back: with `rolls_back`, a launch of the newest success is on trial until its program is
// ready and was up for kTrial. If it ends by itself before, is not ready in time, or cannot be
// started, the last good generation is launched in its place, if there is an image of that: what
// lies at its path is the bad one. That is so until something newer is built, or a person asks for
// a start; then the newest is launched as always. So an older generation never hides a newer
// success.
//
// Whose end it was: each Launch and each StartSidecar has a number, and what is told of another one
// than the latest changes nothing.
//
// The order of an end: the cleanup, if it is for good; then the program; then the sidecar.
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
#include "runners/restart_backoff.h"
#include "runners/runner_state.h"

namespace poltergeist::runners {

// Counts the launches of a runner; 0 is "none".
using LaunchId = Id<struct LaunchTag, std::uint64_t>;

struct RunnerPolicy {
  int restart_signal = SIGINT;
  Duration restart_delay = Milliseconds(250);
  Duration stop_timeout = Milliseconds(5000);  // from the signal to SIGKILL
  config::OnExit on_exit = config::OnExit::Wait;
  bool has_readiness = false;  // else it is ready when there is a process
  Duration ready_timeout{0};   // 0: it may take as long as it takes
  bool has_sidecar = false;
  config::OnRestart sidecar_on_restart = config::OnRestart::Restart;
  bool has_cleanup = false;
  bool rolls_back = false;  // off: what was good is forgotten

  friend bool operator==(const RunnerPolicy&, const RunnerPolicy&) = default;
};
[[nodiscard]] RunnerPolicy policy_for(const config::AutoRun& settings);

// ---- What to do, in this order

// Start the program as built by `generation`; answer with on_launched() or on_launch_failed().
struct Launch {
  LaunchId launch;
  BuildId generation;
  friend bool operator==(const Launch&, const Launch&) = default;
};
// Answer with on_ready() when it is; nobody asks any more once it has left `starting`.
struct AwaitReady {
  LaunchId launch;
  friend bool operator==(const AwaitReady&, const AwaitReady&) = default;
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
// Start it, and answer with on_sidecar_gone() when nothing of it is left, also if it could not be
// started.
struct StartSidecar {
  LaunchId launch;
  friend bool operator==(const StartSidecar&, const StartSidecar&) = default;
};
// Stop all of it: SIGTERM, and SIGKILL after `stop_timeout`.
struct StopSidecar {
  friend bool operator==(const StopSidecar&, const StopSidecar&) = default;
};
// Execute the cleanup command with its limit, and answer with on_cleanup_ended(), whatever becomes
// of it.
struct CleanUp {
  friend bool operator==(const CleanUp&, const CleanUp&) = default;
};
// The state changed: publish it.
struct Entered {
  RunnerState state = RunnerState::Idle;
  friend bool operator==(const Entered&, const Entered&) = default;
};

// What a launched program is: the file that lies at its path, or a copy that stays what it is.
enum class LaunchedFrom { Path, Image };

enum class Notice {
  Exited,
  BuildFailed,
  Restarting,
  Killed,
  Stuck,
  LaunchFailed,
  NotReady,
  Port,
  Image,
  Sidecar,
  Cleanup
};
inline constexpr auto kNotices = std::to_array<EnumName<Notice>>({
    {Notice::Exited, "exited"},
    {Notice::BuildFailed, "build_failed"},
    {Notice::Restarting, "restarting"},
    {Notice::Killed, "killed"},
    {Notice::Stuck, "stuck"},
    {Notice::LaunchFailed, "launch_failed"},
    {Notice::NotReady, "not_ready"},
    {Notice::Port, "port"},
    {Notice::Image, "image"},
    {Notice::Sidecar, "sidecar"},
    {Notice::Cleanup, "cleanup"},
});
// One line for people. What is said of the port, the image, the sidecar and the cleanup, whoever
// performs says.
struct Announce {
  Notice notice = Notice::Exited;
  std::string text;
  friend bool operator==(const Announce&, const Announce&) = default;
};

using Action = std::variant<Launch, AwaitReady, Signal, KillAll, StartSidecar, StopSidecar, CleanUp,
                            Entered, Announce>;
using Actions = std::vector<Action>;

class RunnerCore {
 public:
  // A new program that was up for so long, and is ready, is good.
  static constexpr Seconds kTrial{5};

  enum class Initially { Up, Down };
  explicit RunnerCore(RunnerPolicy policy, Initially initially = Initially::Up);

  // A reloaded configuration; holds for what happens from now on. A sidecar that is configured no
  // more is stopped, one that is new is started beside the program that runs.
  [[nodiscard]] Actions set_policy(RunnerPolicy policy, Instant now);

  // `generation` was built (or found fresh at start) and is to run. An older one than known is
  // ignored.
  [[nodiscard]] Actions on_success(BuildId generation, Instant now);
  [[nodiscard]] Actions on_build_failed(const std::string& summary, Instant now) const;

  // ---- Of the latest launch; what is told of another one is ignored
  [[nodiscard]] Actions on_launched(LaunchId launch, Instant now,
                                    LaunchedFrom from = LaunchedFrom::Path);
  // Errc::Busy is tried again for up to a second. Errc::Unavailable is not the program's fault:
  // nothing is rolled back.
  [[nodiscard]] Actions on_launch_failed(LaunchId launch, const Error& error, Instant now);
  [[nodiscard]] Actions on_ready(LaunchId launch, Instant now);
  [[nodiscard]] Actions on_leader_exited(LaunchId launch, Exit exit, Instant now);
  // Nothing of the unit is left.
  [[nodiscard]] Actions on_gone(LaunchId launch, Instant now);
  [[nodiscard]] Actions on_sidecar_gone(LaunchId launch, Instant now);
  [[nodiscard]] Actions on_cleanup_ended(Instant now);

  // Start what is not running; nothing if it runs.
  [[nodiscard]] Actions request_start(Instant now);
  [[nodiscard]] Actions request_stop(Instant now);
  // request_stop(), and what was built so far is never launched again: the next success is the
  // first, whatever its number.
  [[nodiscard]] Actions request_forget(Instant now);
  // Also starts what is stopped.
  [[nodiscard]] Actions request_restart(Instant now);
  // The sidecar alone anew, because its command is another one.
  [[nodiscard]] Actions request_new_sidecar(Instant now);
  [[nodiscard]] Actions on_time(Instant now);

  [[nodiscard]] RunnerState state() const { return at_.state; }
  // Nothing of ours is left and nothing is being started: the owner may go.
  [[nodiscard]] bool is_down() const;
  // A restart or a first start that has yet to happen.
  [[nodiscard]] bool is_pending() const;
  // Of the latest launch; 0 before the first.
  [[nodiscard]] BuildId running_generation() const { return launched_; }
  [[nodiscard]] BuildId wanted_generation() const { return wanted_; }
  // The last that passed its trial, with `rolls_back`; 0: none.
  [[nodiscard]] BuildId good_generation() const { return good_; }
  // In whose place an older one was launched; 0: the latest launch was of the newest success.
  [[nodiscard]] BuildId rolled_back_from() const;
  // What became of that: "exit 1 after 0.3s".
  [[nodiscard]] const std::string& rolled_back_because() const { return bad_because_; }
  [[nodiscard]] LaunchId launch() const { return launch_; }
  [[nodiscard]] std::optional<Exit> last_exit() const { return last_exit_; }
  [[nodiscard]] bool has_sidecar() const { return sidecar_.has_value(); }
  // The success whose program is to come up without anybody's further request; 0: none.
  [[nodiscard]] BuildId awaited() const { return awaited_; }
  // The success for which the running program was told to end; 0: for none, or nothing was told.
  [[nodiscard]] BuildId making_room_for() const { return making_room_for_; }
  // Launches that worked, beyond the first.
  [[nodiscard]] std::uint64_t restarts() const { return launches_ > 0 ? launches_ - 1 : 0; }
  // How often it failed by itself, in all: exited otherwise than by 0, or was not ready in time.
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  [[nodiscard]] std::optional<Instant> deadline() const;

 private:
  enum class Cleanup { NotNeeded, Needed, Executing };

  void demand(Instant due);
  void decide(Instant now, Actions& actions);
  [[nodiscard]] bool take_step(Instant now, Actions& actions);
  [[nodiscard]] bool apply(RunnerEvent event, Instant now, Actions& actions);
  void perform(RunnerStep step, Instant now, Actions& actions);
  void signal_all(int number, Instant now, Actions& actions);
  // What follows from an exit by itself, or from not being ready: demanded, and said in a few
  // words.
  [[nodiscard]] std::string make_good(const std::string& because, Instant now);
  void note_good(Instant now);
  [[nodiscard]] bool is_untried() const;
  [[nodiscard]] bool is_on_trial() const;
  [[nodiscard]] bool is_rolled_back() const { return bad_ != BuildId() && bad_ == wanted_; }
  // Whether the good one is to take the place of the one on trial; if so, it is demanded.
  [[nodiscard]] bool roll_back(const std::string& because, Instant now);
  // Why nothing is rolled back; empty if that was said, or there is no reason to.
  [[nodiscard]] std::string take_why_not();
  // What the next launch is of.
  [[nodiscard]] BuildId chosen() const { return is_rolled_back() ? good_ : wanted_; }

  // The rules: whether they found a difference and did something about it.
  [[nodiscard]] bool clean_up(Instant now, Actions& actions);
  [[nodiscard]] bool retire(Instant now, Actions& actions);
  [[nodiscard]] bool tell_to_end(Instant now, Actions& actions);
  [[nodiscard]] bool end_sidecar(Actions& actions);
  [[nodiscard]] bool start_sidecar(Actions& actions);
  [[nodiscard]] bool let_go(Instant now, Actions& actions);
  [[nodiscard]] bool launch_due(Instant now, Actions& actions);

  [[nodiscard]] bool has_unit() const { return at_.left == UnitLeft::Yes && !is_gone_; }
  [[nodiscard]] bool is_up() const;
  [[nodiscard]] bool is_unanswered() const;
  [[nodiscard]] bool may_launch() const;

  RunnerPolicy policy_;
  Standing at_;
  bool want_up_;
  std::uint64_t demanded_ = 0;
  std::uint64_t served_ = 0;  // the demand that the latest launch was for
  Instant due_{};             // when the unserved demand is to be served
  BuildId wanted_;            // the newest success
  BuildId launched_;          // what the latest launch was of
  LaunchedFrom launched_from_ = LaunchedFrom::Path;
  BuildId good_;  // good_generation()
  LaunchedFrom good_from_ = LaunchedFrom::Path;
  BuildId bad_;  // failed its trial; holds as long as nothing newer is wanted
  std::string bad_because_;
  BuildId lamented_;         // for which it was said that nothing is rolled back
  BuildId awaited_;          // awaited()
  BuildId making_room_for_;  // making_room_for()
  LaunchId launch_;
  std::uint64_t launches_ = 0;
  std::uint64_t crashes_ = 0;
  std::optional<Exit> last_exit_;
  Instant up_since_{};  // of the latest launch that worked
  RestartBackoff backoff_;

  bool is_gone_ = false;     // nothing of the unit is left, and the standing waits for the others
  bool is_to_end_ = false;   // and was not told so yet
  bool was_killed_ = false;  // all of the unit
  std::optional<Instant> ready_by_;
  std::optional<Instant> kill_at_;
  std::optional<Instant> stuck_at_;     // when a unit that SIGKILL did not end is reported
  std::optional<Instant> retry_at_;     // when a busy file is tried again
  std::optional<Instant> retry_until_;  // when trying a busy file ends
  Duration retry_delay_{};

  std::optional<LaunchId> sidecar_;  // the launch that it was started for; while anything of it is
  bool is_sidecar_stopped_ = false;
  LaunchId sidecar_served_;  // the latest launch that had one started, or kept
  Cleanup cleanup_ = Cleanup::NotNeeded;
};

}  // namespace poltergeist::runners
