// SPDX-License-Identifier: MIT
// One build while it runs: the steps of its plan one after another, their output to the log and to
// the scanners, its time limit, its end. Destroying it kills what is left.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "build/diagnostics.h"
#include "build/plan.h"
#include "build/progress.h"
#include "build/stall_watch.h"
#include "config/project.h"
#include "process/task_executor.h"
#include "state/build_log.h"
#include "sys/deadline_timer.h"
#include "tasks/set_values.h"

namespace poltergeist::daemon {

struct BuildOrder {
  TargetId target;
  BuildId build;
  build::Plan plan;
  std::vector<std::string> env;  // whole, "NAME=value"
  std::filesystem::path log_file;
  Seconds timeout{0};  // 0: none
  Seconds grace_period{10};
  config::ExitCodes exit_codes;  // of each step
};

struct BuildEndReport {
  bool success = false;
  std::uint64_t log_bytes = 0;  // that it left in its log
  bool cancelled = false;       // by cancel()
  bool impossible = false;      // trying again cannot mend it: no such program
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string how_it_ended;  // "exited with code 2", "timed out after 30s"
  std::string command;       // of the step that ended it
  Milliseconds duration{0};
  std::optional<Instant> ended;  // the last process that was started; none was: nothing
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> last_output;
  std::map<std::string, std::string> outputs;  // that it set
};

class BuildExecution {
 public:
  struct Listener {
    // Once, before everything else, when the first step was started or could not be (nothing): what
    // is to be written down about the build is written while its command runs already.
    std::function<void(std::optional<Instant> spawned)> on_started;
    std::function<void(std::string_view line)> on_line;  // each line of output, raw
    std::function<void(const build::Progress&)> on_progress;
    // What the command says in lines of its output, beside progress and outputs.
    std::function<void(const process::ProtocolCommand&)> on_command;
    // One without a time limit shows no sign of life since then (stall_watch.h); nothing: it does
    // so again.
    std::function<void(std::optional<Instant> since)> on_stalled;
    std::function<void(const BuildEndReport&)> on_end;  // once; may destroy the execution
  };

  BuildExecution(process::TaskExecutor& executor, BuildOrder order, Listener listener);
  BuildExecution(const BuildExecution&) = delete;
  BuildExecution& operator=(const BuildExecution&) = delete;

  // Starts the first step. The end may be reported from within.
  void start();
  // Stops all of it with its grace period; the end is reported when nothing is left.
  void cancel();
  // The same without grace.
  void kill();

  [[nodiscard]] BuildId build() const { return order_.build; }
  [[nodiscard]] Instant started() const { return started_; }
  [[nodiscard]] std::string command() const;
  [[nodiscard]] std::vector<std::string> last_lines(std::size_t count) const;
  [[nodiscard]] const std::optional<build::Progress>& progress() const {
    return said_progress_ ? said_progress_ : progress_.latest();
  }

 private:
  void start_step();
  [[nodiscard]] Result<std::unique_ptr<process::Attempt>> start_command(const build::Step& step);
  void take_line(const process::Line& line);
  void note_sign_of_life();
  void look_whether_stalled();
  void take_command(const process::ProtocolCommand& command);
  void on_step_ended(const process::CommandEnd& ended);
  void end(bool success, std::string how);
  [[nodiscard]] std::optional<std::string> missing_output() const;

  process::TaskExecutor& executor_;
  BuildOrder order_;
  Listener listener_;
  std::optional<state::BuildLog> log_;  // from the start of the first command on
  build::DiagnosticScanner diagnostics_;
  build::ProgressScanner progress_;
  Instant started_;
  std::size_t step_ = 0;
  std::unique_ptr<process::Attempt> attempt_;
  std::optional<build::Progress> said_progress_;  // by the command itself
  tasks::SetValues outputs_;
  std::optional<build::StallWatch> stall_;  // of the running step, if nothing else limits it
  DeadlineTimer stall_timer_;
  std::optional<Exit> exit_;
  std::optional<Instant> ended_;  // its last step
  bool cancelled_ = false;
  bool impossible_ = false;
};

}  // namespace poltergeist::daemon
