// SPDX-License-Identifier: MIT
// The ways in which this program does the daemon's work: for good, for one build, for one task. The
// only place of the room that knows how.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "daemon/foreground_execution.h"
#include "daemon/run.h"

namespace poltergeist::cli {

struct DaemonCall {
  std::filesystem::path config_file;
  std::filesystem::path state_dir;
  std::vector<std::string> only_targets;  // empty: all enabled ones
  LogLevel level = LogLevel::Info;
  std::vector<std::string> queues = {};  // whose tasks are executed; empty: all
  int concurrency = 0;                   // of a queue; 0: the configuration's
  bool foreground = false;
  int ready_fd = -1;  // owned by the daemon from here on
};

// Serves the project until it is stopped; the exit code.
[[nodiscard]] int become_daemon(const DaemonCall& call);

// Builds once under the daemon's lock, in this process.
[[nodiscard]] Result<daemon::ForegroundResult> build_here(const DaemonCall& call,
                                                          const daemon::ForegroundBuild& build);

// Executes one task, in this process; a daemon beside it has no part in it.
[[nodiscard]] Result<daemon::ForegroundExecutionEnd> execute_here(
    daemon::ForegroundExecution execution);
// What that would execute.
[[nodiscard]] Result<daemon::TaskPlan> plan_here(const daemon::ForegroundExecution& execution);

}  // namespace poltergeist::cli
