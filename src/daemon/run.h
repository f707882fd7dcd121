// SPDX-License-Identifier: MIT
// The daemon of one project, from its lock to its end, and the build without one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"

namespace poltergeist::daemon {

struct DaemonOptions {
  std::filesystem::path config_file;
  std::filesystem::path state_dir;
  // Only these targets; empty: all enabled ones. Names as configured.
  std::vector<std::string> only_targets;
  // Over the configuration's logging.level.
  std::optional<LogLevel> level;
  bool foreground = false;  // the log goes to stderr, too
  // A descriptor that gets one line of JSON when it is known how the start went:
  // {"ready":true,"pid":N},
  // {"running":N} when another daemon holds the project, or {"error":{"exit":2,"message":"…"}};
  // then it is closed. −1: none.
  int ready_fd = -1;
};

// Runs until it is stopped by the socket or a signal. Returns an exit code (base/exit_code.h).
[[nodiscard]] int run_daemon(const DaemonOptions& options);

struct ForegroundBuild {
  std::string target;
  bool force = false;  // also when it is fresh
  bool json = false;   // one object on stdout at the end instead of the log
};

// Builds one target and what it depends on without a daemon, under the daemon's lock, and ends. The
// log goes to stdout as it comes.
[[nodiscard]] int build_in_foreground(const DaemonOptions& options, const ForegroundBuild& build);

}  // namespace poltergeist::daemon
