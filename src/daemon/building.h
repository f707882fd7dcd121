// SPDX-License-Identifier: MIT
// Performs what the build core says: starts and stops builds, and tells the core and the rest of
// the house what became of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "build/core.h"
#include "config/difference.h"
#include "config/project.h"
#include "daemon/build_execution.h"
#include "daemon/hooking.h"
#include "daemon/publishing.h"
#include "process/task_executor.h"
#include "sys/deadline_timer.h"

namespace poltergeist::daemon {

class Watching;

class Building {
 public:
  struct Listener {
    // Something may have changed for those who wait.
    std::function<void()> on_settled;
    // Each line of a running build's output, raw.
    std::function<void(const TargetId&, BuildId, std::string_view line)> on_output;
    // A target was built, or found fresh at start: its program is of this build now.
    std::function<void(const TargetId&, BuildId)> on_success;
    std::function<void(const TargetId&, const std::string& summary)> on_failure;
  };

  using Parts = Hooking::Parts;
  Building(Parts parts, Listener listener);
  ~Building();

  // Once the tree is known: takes up the targets and looks which of them are fresh already.
  void begin(Watching& watching);
  // After a reload; `project` (the constructor's) holds the new values.
  void configure(const config::Difference& difference);

  void on_touched(const std::vector<build::Touched>& touched, Clock clock);
  void on_git_operation(bool running);
  void request(const TargetId& target, build::Force force);
  // Somebody waits for the target and what it depends on.
  void hurry(const TargetId& target);
  // A fresh target whose artifact somebody removed is built again.
  void check_artifact(const TargetId& target);
  [[nodiscard]] build::LeaseId lease(const TargetId& target);
  void release(build::LeaseId lease);
  void pause();
  void resume();

  [[nodiscard]] const build::Core& core() const { return core_; }
  // Where the target's artifact is, absolute; empty: it has none.
  [[nodiscard]] std::string artifact_of(const TargetId& target) const;
  [[nodiscard]] const BuildExecution* execution_of(const TargetId& target) const;
  // Of the target's build command, for people; empty where no plan can be made.
  [[nodiscard]] std::string command_of(const TargetId& target) const;

  // Kills what runs and starts nothing more; is_idle() when all of it is gone.
  void close();
  [[nodiscard]] bool is_idle() const { return executions_.empty() && hooking_.is_idle(); }

 private:
  struct Running {
    std::unique_ptr<BuildExecution> execution;
    build::Plan plan;
  };

  void enqueue(build::Actions actions);
  void perform(const build::StartBuild& start);
  void perform(const build::CancelBuild& cancel);
  void take_command(const TargetId& target, BuildId build, const process::ProtocolCommand& said);
  void tell_stalled(const TargetId& target, BuildId build, std::optional<Instant> since);
  void on_end(const TargetId& target, BuildEndReport report);
  void announce(const build::StartBuild& start, const std::string& builder,
                const std::string& fingerprint, std::optional<Instant> spawned);
  void end_without_plan(const build::StartBuild& start, const Error& error);
  void publish_freshness();
  void evaluate(const TargetId& target);
  [[nodiscard]] Result<build::Plan> plan_of(const config::Target& target,
                                            const std::vector<RelPath>& changed,
                                            std::size_t total) const;
  [[nodiscard]] std::string input_fingerprint(const config::Target& target) const;
  // Empty for one that is not.
  [[nodiscard]] std::string fingerprint_if_fresh(const TargetId& name) const;

  process::TaskExecutor& executor_;
  Publishing& publishing_;
  const config::Project& project_;
  KeptState& kept_state_;
  Listener listener_;
  Watching* watching_ = nullptr;
  Hooking hooking_;
  build::Core core_;
  std::map<TargetId, Running> executions_;
  build::Actions waiting_;  // to be performed, in order
  bool performing_ = false;
  bool closed_ = false;
  DeadlineTimer timer_;
};

}  // namespace poltergeist::daemon
