// SPDX-License-Identifier: MIT
// A unit at work on the loop: started, its output read, its end told, stopped as a whole. What the
// daemon and `polter --watch` use for builds, hooks and programs.
//
//   Leftovers::Keep (builds)    The unit is over when its leader has exited and the output is read,
//   at most
//                               250 ms later if a background process still holds the pipe. That
//                               process may live on (a compiler cache's server). `exited` is the
//                               only and last call.
//   Leftovers::Kill (runners)   `exited` comes when the leader exits; what it leaves is stopped by
//   the owner
//                               (signal_all, kill_all, stop). `gone` comes last, once, when nothing
//                               of the unit is left and its output is read: only then may the next
//                               one start.
//   After stop() or kill_all()  `exited` of a Keep unit, too, waits until nothing of it is left.
//
// Callbacks come from the loop, never from within start() or another call here; they may destroy
// the Unit. Destroying a Unit whose end was not told kills everything of it and waits for that.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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
  std::function<void()> gone = nullptr;
};

class Unit {
 public:
  // How long output is awaited after the leader's exit when somebody else holds the pipe.
  static constexpr Milliseconds kLateOutput{250};

  // Starts the program. `name` is for the log ("build of app").
  [[nodiscard]] static Result<std::unique_ptr<Unit>> start(Orphanage& orphanage,
                                                           const SpawnPlan& plan,
                                                           Leftovers leftovers, std::string name,
                                                           UnitEvents events);
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;
  ~Unit();

  [[nodiscard]] pid_t pid() const { return child_.pid(); }
  [[nodiscard]] bool has_exited() const { return exit_.has_value(); }
  // Readable when the leader stopped or exited; see Child::take_stop().
  [[nodiscard]] Child& leader() { return child_; }

  // One signal to everything of the unit, and SIGCONT after it.
  void signal_all(int signal);
  // SIGKILL to everything, and to whatever else turns up until nothing is left.
  void kill_all();
  // Walks down the ladder until nothing is left. A second call starts the new ladder where the old
  // one is: it never gives more time than there was.
  void stop(StopLadder ladder);

 private:
  Unit(Orphanage& orphanage, Child child, Leftovers leftovers, std::string name, UnitEvents events);
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<std::unique_ptr<OutputPump>> pump(UniqueFd pipe, Source source);
  void take_bytes(Source source, std::string_view bytes);
  void on_leader_exit();
  void perform(const std::vector<StopAction>& actions);
  void arm_ladder();
  void look();
  void settle();

  Orphanage& orphanage_;
  Child child_;
  Leftovers leftovers_;
  std::string name_;
  UnitEvents events_;
  std::optional<Exit> exit_;
  bool exit_told_ = false;
  bool over_ = false;
  bool stopping_ = false;  // somebody asked for the end of all of it
  bool killing_ = false;   // and by force
  bool empty_ = false;
  std::optional<StopWalk> walk_;
  LineSplitter out_lines_;
  LineSplitter err_lines_;
  std::unique_ptr<OutputPump> out_;
  std::unique_ptr<OutputPump> err_;
  Loop::Handle leader_exits_;
  UniqueFd awaited_;  // pidfd of one member; when it exits, look again
  Loop::Handle member_exits_;
  Loop::Handle ladder_due_;
  Loop::Handle settle_due_;
};

}  // namespace poltergeist::process
