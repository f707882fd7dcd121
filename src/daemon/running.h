// SPDX-License-Identifier: MIT
// autoRun: performs what the runner cores say, one core and at most one unit per target.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/project.h"
#include "daemon/publishing.h"
#include "process/orphanage.h"
#include "state/channel_log.h"
#include "supervisor/supervisor.h"

namespace poltergeist::daemon {

// The runner of one target: where its program comes from, and where everything goes that is said of
// it. What is done is the supervisor's.
class ExecutableRunner {
 public:
  using ArtifactOf = std::function<std::string(const TargetId&)>;

  ExecutableRunner(process::Orphanage& orphanage, Publishing& publishing,
                   const config::Project& project, const config::Target& target,
                   ArtifactOf artifact_of, std::function<void()> on_down);
  ExecutableRunner(const ExecutableRunner&) = delete;
  ExecutableRunner& operator=(const ExecutableRunner&) = delete;

  void on_success(BuildId build);
  void on_build_failed(const std::string& summary) { supervisor_.on_build_failed(summary); }
  void start() { supervisor_.request_start(); }
  void stop() { supervisor_.request_stop(); }
  // Stops; what was built so far is not its program any more.
  void forget() { supervisor_.request_forget(); }
  void restart() { supervisor_.request_restart(); }
  // New settings; a program that is no longer what they describe is restarted.
  void set_target(const config::Target& target);
  // SIGKILL to all of it, now.
  void kill() { supervisor_.kill(); }
  [[nodiscard]] bool is_down() const { return supervisor_.is_down(); }
  [[nodiscard]] state::RunnerState state() const;
  [[nodiscard]] const TargetId& target() const { return target_.name; }

 private:
  [[nodiscard]] supervisor::Listener listener();
  [[nodiscard]] supervisor::Settings settings() const;
  [[nodiscard]] std::filesystem::path directory() const;
  void launch(const supervisor::LaunchOrder& order);
  [[nodiscard]] Result<process::SpawnPlan> plan_for(const supervisor::LaunchOrder& order) const;
  void on_started();
  void on_entered(runners::RunnerState state);
  void on_notice(const std::string& text);
  void on_line(supervisor::Voice voice, std::string_view line);
  // Made when there is something to write: most have no sidecar.
  [[nodiscard]] state::ChannelLog& sidecar_log();
  void on_sidecar_started(const std::string& command);
  void on_sidecar_exited(Exit exit);
  [[nodiscard]] state::RunnerState state_in(runners::RunnerState state) const;

  Publishing& publishing_;
  const config::Project& project_;
  config::Target target_;
  ArtifactOf artifact_of_;
  std::function<void()> on_down_;
  state::ChannelLog log_;
  std::optional<state::ChannelLog> sidecar_log_;
  std::string command_;
  supervisor::Supervisor supervisor_;
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
