// SPDX-License-Identifier: MIT
// The two ways in which this program becomes the daemon: for good, or for one build. The only
// place of the room that includes the daemon's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "daemon/run.h"

namespace poltergeist::cli {

struct DaemonCall {
  std::filesystem::path config_file;
  std::filesystem::path state_dir;
  std::vector<std::string> only_targets;  // empty: all enabled ones
  LogLevel level = LogLevel::Info;
  bool foreground = false;
  int ready_fd = -1;  // owned by the daemon from here on
};

// Serves the project until it is stopped; the exit code.
[[nodiscard]] int become_daemon(const DaemonCall& call);

// Builds once under the daemon's lock, in this process.
[[nodiscard]] Result<daemon::ForegroundResult> build_here(const DaemonCall& call,
                                                          const daemon::ForegroundBuild& build);

}  // namespace poltergeist::cli
