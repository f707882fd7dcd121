// SPDX-License-Identifier: MIT
// A task executed here and now, without a daemon and beside one: nothing is written down, and state
// is kept from attempt to attempt in memory alone.
#pragma once

#include <functional>
#include <optional>

#include "config/project.h"
#include "daemon/tasking.h"
#include "state/event.h"
#include "state/state_dir.h"
#include "tasks/execution_result.h"

namespace poltergeist::daemon {

struct ForegroundExecution {
  const config::Project& project;
  const state::ProjectPaths& paths;
  ExecutionRequest request;  // its own `on_settled` and `name` are not looked at
  std::function<void(const state::Event&)> on_event = nullptr;
};

struct ForegroundExecutionEnd {
  tasks::ExecutionResult result;
  int signal = 0;  // that made us cancel it
};

// Returns when all of it is over. SIGINT, SIGTERM, SIGHUP (unless nohup says otherwise) and SIGPIPE
// (nobody reads its output any more) cancel it with its grace period, a second one but SIGHUP kills
// it. Errors are those of Tasking::submit().
[[nodiscard]] Result<ForegroundExecutionEnd> execute_in_foreground(ForegroundExecution execution);

// What it would execute, with its secrets. Errc::NotFound, Errc::Invalid: as submit().
[[nodiscard]] Result<TaskPlan> plan_in_foreground(const ForegroundExecution& execution);

}  // namespace poltergeist::daemon
