// SPDX-License-Identifier: MIT
// Performs what a runner's core says, for both who own one: the daemon (autoRun) and `polter
// --watch`. Program, sidecar, cleanup, port and readiness are here; what the program is and where
// its output goes is the owner's.
//
// Calls come from the loop or from within a function here; none may destroy the Supervisor.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/exit.h"
#include "process/clean_lines.h"
#include "process/task_executor.h"
#include "process/unit.h"
#include "runners/runner_core.h"
#include "supervisor/images.h"
#include "supervisor/listening.h"
#include "supervisor/port_choice.h"
#include "supervisor/readiness.h"
#include "supervisor/settings.h"
#include "sys/deadline_timer.h"

namespace poltergeist::supervisor {

// What the owner is asked to start.
struct LaunchOrder {
  runners::LaunchId launch;
  BuildId generation;
  std::optional<int> port;  // for {port} in its command
  // The artifact that there is a launch image of: a plan whose program it is starts that, whatever
  // lies at this path by now. Empty: there is none.
  std::filesystem::path image_of = {};
};

enum class Voice { Program, Sidecar, Cleanup };

// Where its lines go.
inline constexpr std::string_view kSidecarChannel = "post-run";
// What stands before the first of them.
[[nodiscard]] std::string sidecar_banner(const std::string& command);

struct Listener {
  // Say how the program is started, by start() or by give_up(), now or later.
  std::function<void(const LaunchOrder&)> on_launch;
  std::function<void()> on_started = nullptr;           // the program runs
  std::function<void(BuildId)> on_signalled = nullptr;  // the old program, for that build
  std::function<void(runners::RunnerState)> on_entered = nullptr;
  // A line for people.
  std::function<void(runners::Notice, const std::string& text)> on_notice = nullptr;
  // Without secrets. Of the program only if its output is a pipe.
  std::function<void(Voice, std::string_view line)> on_line = nullptr;
  std::function<void(const std::string& command)> on_sidecar_started = nullptr;
  std::function<void(Exit)> on_sidecar_exited = nullptr;
  std::function<void()> on_gone = nullptr;  // nothing of the program is left
  std::function<void()> on_down = nullptr;  // and of all else neither; the owner may go
};

class Supervisor {
 public:
  Supervisor(process::Orphanage& orphanage, Settings settings, runners::RunnerPolicy policy,
             Listener listener);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // The settings hold from the next start of what they describe; a sidecar whose command changed
  // is started anew.
  void configure(Settings settings, runners::RunnerPolicy policy);
  void set_policy(runners::RunnerPolicy policy);

  // `artifact`: what was built, absolute, as it is now; a launch image of it is taken, if the
  // settings say so. Empty: the program is no artifact.
  void on_success(BuildId generation, const std::filesystem::path& artifact = {});
  void on_build_failed(const std::string& summary);
  void request_start();
  void request_stop();
  void request_forget();
  void request_restart();
  // SIGKILL to all of it, now.
  void kill();
  // The same to the program alone, if there is one.
  void kill_program();

  // The answers to on_launch(); of an order that is not the latest they change nothing. Errors of
  // start() are those of spawn(), and are answered by give_up().
  [[nodiscard]] Result<void> start(runners::LaunchId launch, const process::SpawnPlan& plan);
  void give_up(runners::LaunchId launch, const Error& error);

  // Somebody else has told the program to end: it is not told a second time.
  void skip_signal_to_end() { skips_signal_ = true; }

  [[nodiscard]] const runners::RunnerCore& core() const { return core_; }
  // The program's, while its leader lives.
  [[nodiscard]] process::Unit* program() { return unit_.get(); }
  [[nodiscard]] std::optional<pid_t> pid() const;
  [[nodiscard]] std::optional<WallTime> started_at() const { return started_at_; }
  // Of what runs.
  [[nodiscard]] std::optional<int> port() const { return port_; }
  // What is held open for it, also while nothing runs.
  [[nodiscard]] const Listening& listening() const { return listening_; }
  [[nodiscard]] bool is_down() const { return core_.is_down(); }

 private:
  void enqueue(runners::Actions actions);
  void perform(const runners::Launch& launch);
  void perform(const runners::AwaitReady& ready);
  void perform(const runners::Signal& signal);
  void perform(const runners::KillAll& kill);
  void perform(const runners::StartSidecar& start);
  void perform(const runners::StopSidecar& stop);
  void perform(const runners::CleanUp& cleanup);
  void perform(const runners::Entered& entered);
  void perform(const runners::Announce& announce);

  void order(const runners::Launch& launch);
  void on_copied();
  [[nodiscard]] Result<std::unique_ptr<process::Unit>> start_unit(const process::SpawnPlan& plan,
                                                                  const process::UnitEvents& events,
                                                                  runners::LaunchedFrom& from);
  [[nodiscard]] Result<std::unique_ptr<process::Unit>> start_image(
      process::SpawnPlan plan, const process::UnitEvents& events);

  // A line of the configuration as a command, with the port in it.
  [[nodiscard]] process::SpawnPlan plan_for(const std::string& line) const;
  void stop_sidecar();
  void say(runners::Notice notice, const std::string& text);
  void say_line(Voice voice, std::string_view line);
  void say_who_holds_the_port();

  process::Orphanage& orphanage_;
  process::TaskExecutor executor_;
  Settings settings_;
  Listener listener_;
  runners::RunnerCore core_;
  std::deque<runners::Action> waiting_;  // to be performed, in order
  bool is_performing_ = false;
  bool skips_signal_ = false;

  std::filesystem::path artifact_;  // of the newest success, if images are taken
  Images images_;
  std::optional<runners::Launch> held_;  // until the image of its generation is there

  PortChoice choice_;
  Listening listening_;
  std::optional<int> port_;
  std::optional<WallTime> started_at_;
  process::CleanLines program_lines_;
  process::CleanLines sidecar_lines_;
  bool sees_output_ = false;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<process::Unit> unit_;
  std::unique_ptr<process::Unit> sidecar_;
  std::unique_ptr<process::Attempt> cleanup_;
  Loop::Handle stops_leftovers_;  // of a sidecar that has exited
  DeadlineTimer timer_;
};

}  // namespace poltergeist::supervisor
