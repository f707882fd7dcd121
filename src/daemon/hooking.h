// SPDX-License-Identifier: MIT
// Performs what the hook core says: starts, feeds and stops postBuild commands and their
// formatters.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "build/hooks.h"
#include "config/project.h"
#include "daemon/kept_state.h"
#include "daemon/publishing.h"
#include "daemon/tasking.h"
#include "process/task_executor.h"
#include "state/channel_log.h"
#include "sys/deadline_timer.h"

namespace poltergeist::daemon {

class Hooking {
 public:
  struct Parts {
    process::TaskExecutor& executor;
    Publishing& publishing;
    const config::Project& project;
    Tasking& tasking;
    KeptState& kept_state;
  };
  explicit Hooking(Parts parts);

  void on_build_started(const TargetId& target);
  void on_build_ended(const TargetId& target, BuildId build, config::HookTrigger trigger);
  void on_target_removed(const TargetId& target);
  // Kills what runs; nothing is started after it.
  void kill_all();
  [[nodiscard]] bool is_idle() const { return executions_.empty(); }
  // Called whenever a hook's process is gone.
  std::function<void()> on_gone;

 private:
  // What executes for a hook: a command of its own, or an execution of a task.
  struct Execution {
    TargetId target;
    std::string scope;  // of its state
    tasks::SetValues outputs;
    std::unique_ptr<process::Attempt> attempt;
    ExecutionId execution;
  };

  void perform(const build::HookActions& actions);
  void perform(const build::StartHook& start);
  void perform(const build::StartFormatter& start);
  void perform(const build::CancelHook& cancel);
  void perform(const build::HookEnded& ended);
  void start_task(const build::StartHook& start);
  void start(build::HookId id, const TargetId& target, const std::string& scope,
             process::Command command);
  [[nodiscard]] process::Command command_for(const TargetId& target, const config::Hook& hook,
                                             const std::string& line) const;
  [[nodiscard]] config::Environment context_of(const build::StartHook& start) const;
  void take_command(build::HookId id, const process::ProtocolCommand& said);
  void on_ended(build::HookId id, process::CommandEnd ended);
  void on_task_settled(build::HookId id, const tasks::ExecutionResult& result);
  void end(build::HookId id, build::HookExit exit);
  [[nodiscard]] state::ChannelLog& log_of(const TargetId& target);

  Parts parts_;
  build::Hooks core_;
  std::map<build::HookId, Execution> executions_;
  std::map<TargetId, state::ChannelLog> logs_;
  bool closed_ = false;
  DeadlineTimer timer_;
};

}  // namespace poltergeist::daemon
