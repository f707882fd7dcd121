// SPDX-License-Identifier: MIT
// The daemon of one project, from its lock to its end, and the build without one.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/messages.h"
#include "base/log.h"

namespace poltergeist::daemon {

struct DaemonOptions {
  std::filesystem::path config_file;
  std::filesystem::path state_dir;
  // Only these targets; empty: all enabled ones. Names as configured.
  std::vector<std::string> only_targets;
  // Over the configuration's logging.level.
  std::optional<LogLevel> level;
  std::vector<std::string> queues = {};  // whose tasks are executed; empty: all
  int concurrency = 0;                   // of a queue; 0: the configuration's
  bool foreground = false;               // the log goes to stderr, too
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
  bool force = false;                                  // also when it is fresh
  std::function<void(std::string_view line)> on_line;  // of the builds' output, raw, as it comes
};
struct ForegroundResult {
  std::optional<api::TargetAnswer> answer;
  int signal = 0;  // that ended it before there was an answer
};

// Builds one target and what it depends on without a daemon, under the daemon's lock. Errc::Busy if
// there is a daemon after all, Errc::Invalid for a configuration that cannot be.
[[nodiscard]] Result<ForegroundResult> build_in_foreground(const DaemonOptions& options,
                                                           const ForegroundBuild& build);

}  // namespace poltergeist::daemon
