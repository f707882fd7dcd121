// SPDX-License-Identifier: MIT
// autoRun: performs what the runner cores say, one core and at most one unit per target.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "config/difference.h"
#include "config/project.h"
#include "daemon/deadline_timer.h"
#include "daemon/publishing.h"
#include "process/orphanage.h"
#include "process/unit.h"
#include "runners/runner_core.h"
#include "state/channel_log.h"

namespace poltergeist::daemon {

// The runner of one target: its program is started, watched, restarted and stopped here.
class ExecutableRunner {
 public:
  using ArtifactOf = std::function<std::string(const TargetId&)>;

  ExecutableRunner(process::Orphanage& orphanage, Publishing& publishing,
                   const config::Project& project, const config::Target& target,
                   ArtifactOf artifact_of, std::function<void()> on_down);
  ExecutableRunner(const ExecutableRunner&) = delete;
  ExecutableRunner& operator=(const ExecutableRunner&) = delete;

  void on_success(BuildId build);
  void on_build_failed(const std::string& summary);
  void start();
  void stop();
  void restart();
  void begin_anew() { core_.begin_anew(); }
  // New settings; a program whose command, arguments or environment changed is restarted.
  void set_target(const config::Target& target);
  // SIGKILL to all of it, now.
  void kill();
  [[nodiscard]] bool is_down() const { return core_.is_down(); }
  [[nodiscard]] state::RunnerState state() const;

 private:
  void enqueue(runners::Actions actions);
  void perform(const runners::Launch& launch);
  void perform(const runners::Signal& signal);
  void perform(const runners::KillAll& kill);
  void perform(const runners::Entered& entered);
  void perform(const runners::Announce& announce);
  [[nodiscard]] Result<process::SpawnPlan> plan_for(BuildId generation) const;

  process::Orphanage& orphanage_;
  Publishing& publishing_;
  const config::Project& project_;
  config::Target target_;
  ArtifactOf artifact_of_;
  std::function<void()> on_down_;
  runners::RunnerCore core_;
  state::ChannelLog log_;
  std::deque<runners::Action> waiting_;  // to be performed, in order
  bool performing_ = false;
  std::unique_ptr<process::Unit> unit_;
  std::string command_;
  std::optional<WallTime> started_at_;
  DeadlineTimer timer_;
};

class Running {
 public:
  Running(process::Orphanage& orphanage, Publishing& publishing, const config::Project& project,
          ExecutableRunner::ArtifactOf artifact_of);

  void on_success(const TargetId& target, BuildId build);
  void on_failure(const TargetId& target, const std::string& summary);
  // After a reload; `project` (the constructor's) holds the new values.
  void configure();
  [[nodiscard]] ExecutableRunner* find(const TargetId& target);
  // Stops every program; is_down() when nothing of them is left.
  void stop_all();
  void kill_all();
  [[nodiscard]] bool is_down() const;
  std::function<void()> on_down;

 private:
  void add(const config::Target& target);
  void retire(const TargetId& target);
  [[nodiscard]] bool revive(const config::Target& target);

  process::Orphanage& orphanage_;
  Publishing& publishing_;
  const config::Project& project_;
  ExecutableRunner::ArtifactOf artifact_of_;
  std::map<TargetId, std::unique_ptr<ExecutableRunner>> runners_;
  // No longer configured, and kept until their programs are gone.
  std::map<TargetId, std::unique_ptr<ExecutableRunner>> retired_;
  std::map<TargetId, BuildId> built_;  // the newest success, for a runner that is configured later
};

}  // namespace poltergeist::daemon
