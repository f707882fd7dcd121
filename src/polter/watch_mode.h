// SPDX-License-Identifier: MIT
// `polter T --watch`: keeps T's program running, and restarts it after each successful build. The
// runner's core decides (runners/runner_core.h), a Unit is the program, a BuildFeed tells of the
// builds.
//
// Each launch is made under a lease of its own: the daemon is asked whether what is to be launched
// is fresh now, and builds nothing until it runs. A newer build that is under way is waited for.
//
// Signals. On a terminal the program is in our process group (terminal.h), so what is typed reaches
// it from the kernel and is never passed on; what a process sends to us alone is told to the
// program as its restart signal. Either way polter ends when nothing of the program is left, with
// 128 + the signal; a second Ctrl+C kills it. A terminal that is closed is a SIGHUP, also for a job
// in the background, which the kernel tells nothing. A signal that was ignored when polter was
// started stays so (nohup; SIGINT in a script's background job).
#pragma once

#include <filesystem>
#include <memory>

#include "api/messages.h"
#include "polter/console.h"
#include "polter/location.h"
#include "polter/options.h"
#include "polter/terminal.h"
#include "polter/wait_call.h"
#include "sys/loop.h"

namespace poltergeist::polter {

// What the first wait came to.
struct WatchStart {
  // What to launch at once; empty: nothing, the next success is waited for.
  std::filesystem::path artifact;
  // The daemon's answer; its build id is 0 if there was none.
  api::TargetAnswer answer;
  std::unique_ptr<WaitCall> lease;
  std::unique_ptr<Terminal> terminal;  // none: polter has none
};

// The caller has SIGTTOU and SIGPIPE blocked. Blocks SIGCHLD and the signals that end it for as
// long as it runs; the process must have one thread and no children. Returns the exit code.
[[nodiscard]] Result<int> watch(Loop& loop, const Location& location, const Options& options,
                                const Console& console, WatchStart start);

}  // namespace poltergeist::polter
