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
#include "daemon/deadline_timer.h"
#include "daemon/publishing.h"
#include "process/orphanage.h"
#include "process/unit.h"
#include "state/channel_log.h"

namespace poltergeist::daemon {

class Hooking {
 public:
  Hooking(process::Orphanage& orphanage, Publishing& publishing, const config::Project& project);

  void on_build_started(const TargetId& target);
  void on_build_ended(const TargetId& target, BuildId build, config::HookTrigger trigger);
  void on_target_removed(const TargetId& target);
  // Kills what runs; nothing is started after it.
  void kill_all();
  [[nodiscard]] bool is_idle() const { return executions_.empty(); }
  // Called whenever a hook's process is gone.
  std::function<void()> on_gone;

 private:
  struct Execution {
    TargetId target;
    std::string standard_output;
    std::string standard_error;
    std::unique_ptr<process::Unit> unit;
  };

  void perform(const build::HookActions& actions);
  void perform(const build::StartHook& start);
  void perform(const build::StartFormatter& start);
  void perform(const build::CancelHook& cancel);
  void perform(const build::HookEnded& ended);
  void start(build::HookId id, const TargetId& target, const process::SpawnPlan& plan);
  void on_exited(build::HookId id, Exit exit);
  [[nodiscard]] process::SpawnPlan plan_for(const TargetId& target, const config::Hook& hook,
                                            const std::string& command) const;
  void take_output(build::HookId id, process::Source source, std::string_view bytes);
  [[nodiscard]] state::ChannelLog& log_of(const TargetId& target);

  process::Orphanage& orphanage_;
  Publishing& publishing_;
  const config::Project& project_;
  build::Hooks core_;
  std::map<build::HookId, Execution> executions_;
  std::map<TargetId, state::ChannelLog> logs_;
  bool closed_ = false;
  DeadlineTimer timer_;
};

}  // namespace poltergeist::daemon
