// SPDX-License-Identifier: MIT
// Starting the daemon: this program once more, in a session of its own, with nothing of ours but
// the environment. It says on a pipe when it watches, or why it does not.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/project_at.h"

namespace poltergeist::cli {

// What `haunt` and `restart` accept.
struct HauntOptions {
  std::string config;
  std::vector<std::string> targets;
  std::string log_level;            // empty: not given
  std::vector<std::string> queues;  // that it serves; empty: all
  std::uint64_t concurrency = 0;    // instead of the worker's; 0: not given
  bool verbose = false;
  bool foreground = false;
  std::string ready_fd;  // we started ourselves: where to say that we are ready
};

void declare(Arguments& arguments, HauntOptions& options);

// The level that counts: --log-level, else --verbose, else $POLTERGEIST_LOG_LEVEL, else the
// configuration's. Pure.
[[nodiscard]] Attempt<LogLevel> level_for(const HauntOptions& options, const char* from_environment,
                                          LogLevel configured);

// What the daemon says when it is ready, or is not. Pure; exported for its tests.
struct Readiness {
  pid_t pid = 0;
  bool already = false;  // another one, that was faster, serves the project
};
[[nodiscard]] Attempt<Readiness> readiness_from(const std::string& line);

// The whole verb, without its options' parsing; the exit code.
[[nodiscard]] int haunt(const HauntOptions& options);

}  // namespace poltergeist::cli
