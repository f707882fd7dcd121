// SPDX-License-Identifier: MIT
#include "cli/daemon_entry.h"

#if __has_include("daemon/run.h")
#include "daemon/foreground_build.h"
#include "daemon/run.h"
#else
#include "cli/output.h"
#endif

namespace poltergeist::cli {

#if __has_include("daemon/run.h")

namespace {

daemon::DaemonOptions options_for(const DaemonCall& call) {
  return {.config_file = call.config_file,
          .state_dir = call.state_dir,
          .only_targets = call.only_targets,
          .level = call.level,
          .foreground = call.foreground,
          .ready_fd = call.ready_fd};
}

}  // namespace

int become_daemon(const DaemonCall& call) {
  return daemon::run_daemon(options_for(call));
}

int build_here(const DaemonCall& call, const ForegroundBuild& build) {
  return daemon::build_in_foreground(options_for(call), build.target, build.force, build.json);
}

#else

int become_daemon(const DaemonCall&) {
  return report({ExitCode::CannotAnswer, "this program was built without the daemon", {}});
}

int build_here(const DaemonCall&, const ForegroundBuild&) {
  return report({ExitCode::CannotAnswer, "this program was built without the daemon", {}});
}

#endif

}  // namespace poltergeist::cli
