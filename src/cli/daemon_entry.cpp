// SPDX-License-Identifier: MIT
#include "cli/daemon_entry.h"

#include "daemon/run.h"

namespace poltergeist::cli {

namespace {

daemon::DaemonOptions options_for(const DaemonCall& call) {
  return {.config_file = call.config_file,
          .state_dir = call.state_dir,
          .only_targets = call.only_targets,
          .level = call.level,
          .queues = call.queues,
          .concurrency = call.concurrency,
          .foreground = call.foreground,
          .ready_fd = call.ready_fd};
}

}  // namespace

int become_daemon(const DaemonCall& call) {
  return daemon::run_daemon(options_for(call));
}

Result<daemon::ForegroundResult> build_here(const DaemonCall& call,
                                            const daemon::ForegroundBuild& build) {
  return daemon::build_in_foreground(options_for(call), build);
}

Result<daemon::ForegroundExecutionEnd> execute_here(daemon::ForegroundExecution execution) {
  return daemon::execute_in_foreground(std::move(execution));
}

Result<daemon::TaskPlan> plan_here(const daemon::ForegroundExecution& execution) {
  return daemon::plan_in_foreground(execution);
}

}  // namespace poltergeist::cli
