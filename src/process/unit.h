// SPDX-License-Identifier: MIT
// A unit at work on the loop: started, its output read, its end told, stopped as a whole. What the
// daemon and `polter --watch` use for builds, hooks and programs.
//
//   Leftovers::Keep (builds)    The unit is over when its leader has exited and the output is read,
//   at most
//                               250 ms later if a background process still holds the pipe. That
//                               process may live on (a compiler cache's server). `exited` is the
//                               last call.
//   Leftovers::Kill (runners)   `exited` comes when the leader exits; what it leaves is stopped by
//   the owner
//                               (signal_all, kill_all, stop). `gone` comes last, once, when nothing
//                               of the unit is left and its output is read: only then may the next
//                               one start.
//   After stop() or kill_all()  `exited` of a Keep unit, too, waits until nothing of it is left.
//
// Calls come from the loop, never from within a function here. `exited` and `gone` may destroy the
// Unit, `bytes` and `line` may not. Destroying a Unit that is not over kills everything of it and
// waits for that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/exit.h"
#include "base/result.h"
#include "process/child.h"
#include "process/line_pump.h"
#include "process/orphanage.h"
#include "process/spawn.h"
#include "process/stop_ladder.h"
#include "sys/loop.h"

namespace poltergeist::process {

enum class Leftovers { Keep, Kill };
enum class Source { Out, Err };

struct UnitEvents {
  std::function<void(Source source, std::string_view bytes)> bytes = nullptr;  // raw, as they come
  std::function<void(Source source, const Line& line)> line = nullptr;
  std::function<void(Exit exit)> exited = nullptr;
  std::function<void()> gone = nullptr;  // Leftovers::Kill only
};

class Unit {
 public:
  // How long output is awaited after the leader's exit when somebody else holds the pipe.
  static constexpr Milliseconds kLateOutput{250};

  // Starts the program. `name` is for the log ("build of app"). Errors are those of spawn().
  [[nodiscard]] static Result<std::unique_ptr<Unit>> start(Orphanage& orphanage,
                                                           const SpawnPlan& plan,
                                                           Leftovers leftovers, std::string name,
                                                           UnitEvents events);
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  ~Unit();

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  [[nodiscard]] bool has_exited() const { return exit_.has_value(); }
  // As Containment has it.
  [[nodiscard]] Duration processor_time() { return child_.containment().processor_time(); }
  // The signal that stopped the leader (Ctrl+Z), once per stop.
  [[nodiscard]] std::optional<int> take_stop() { return child_.take_stop(); }

  // One signal to everything of the unit; those that are stopped are continued, so that they can
  // act on it.
  void signal_all(int signal);
  // SIGKILL to everything, and to whatever else turns up until nothing is left.
  void kill_all();
  // Walks down the ladder until nothing is left. A ladder that comes to SIGKILL sooner replaces the
  // one that is being walked; any other second call changes nothing.
  void stop(StopLadder ladder);

 private:
  Unit(Orphanage& orphanage, Child child, Leftovers leftovers, std::string name, UnitEvents events);
  [[nodiscard]] Result<void> watch();
  [[nodiscard]] Result<void> pump(UniqueFd pipe, Source source);
  void take_bytes(Source source, std::string_view bytes);
  void on_leader_exit();
  void perform(const std::vector<StopAction>& actions);
  void arm_ladder();
  [[nodiscard]] bool must_be_empty() const;
  [[nodiscard]] bool await_members();
  [[nodiscard]] bool await_exit(pid_t pid);
  [[nodiscard]] bool await_output();
  void settle_soon();
  void settle();
  void finish();

  struct Output {
    LineSplitter lines;
    std::unique_ptr<OutputPump> pump;
  };

  Orphanage& orphanage_;
  Loop& loop_;
  Child child_;
  Leftovers leftovers_;
  std::string name_;
  UnitEvents events_;
  Output out_;
  Output err_;
  std::optional<Exit> exit_;
  std::optional<StopWalk> walk_;
  bool is_stopped_ = false;  // somebody asked for the end of all of it
  bool is_killed_ = false;   // and by force
  bool is_over_ = false;
  std::optional<std::uint64_t> memory_kills_before_;  // it began
  Loop::Handle leader_exits_;
  UniqueFd awaited_;  // one member that still lives; when it exits, we look again
  Loop::Handle awaited_exits_;
  Loop::Handle ladder_due_;
  Loop::Handle settles_;
};

}  // namespace poltergeist::process
