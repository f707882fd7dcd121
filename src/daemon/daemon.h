// SPDX-License-Identifier: MIT
// Builds the performers, connects them, and takes them down again in order. What they do is theirs
// (docs/architecture.md has the picture).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "config/project.h"
#include "daemon/answers.h"
#include "daemon/building.h"
#include "daemon/notifier.h"
#include "daemon/publishing.h"
#include "daemon/running.h"
#include "daemon/serving.h"
#include "daemon/tasking.h"
#include "daemon/waiting.h"
#include "daemon/watching.h"
#include "process/orphanage.h"
#include "state/executions.h"
#include "state/state_dir.h"
#include "sys/loop.h"

namespace poltergeist::daemon {

class Daemon {
 public:
  struct Settings {
    config::Project project;
    state::ProjectPaths paths;
    // Names as configured; empty: all. What they depend on comes along.
    std::set<TargetId> only_targets;
    std::string version;
    bool serve = true;  // false: a build in the foreground: no socket, no programs, no pause
    bool notify = true;
    Tasking::Overrides worker;  // what was asked for instead of the configuration's `worker`
  };

  // Watches the tree and evaluates the targets before it returns; builds run from then on.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> create(Loop& loop, Settings settings);
  ~Daemon();

  // Stops programs and builds, writes the last states; `done` is called when nothing is left.
  void stop(std::string reason, std::function<void()> done);
  // The same at once: everything is killed.
  void hurry_stop();
  // Called when a client's `stop` has been carried out.
  void on_stopped(std::function<void()> done) { stopped_ = std::move(done); }

  // For a build in the foreground.
  void build(const TargetId& target, build::Force force,
             std::function<void(std::string_view line)> on_line,
             std::function<void(const api::TargetAnswer&)> on_answer);

  [[nodiscard]] std::string_view backend() const { return watching_->backend(); }

 private:
  Daemon(Loop& loop, Settings settings);
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Watching::Listener watching_listener();
  [[nodiscard]] Building::Listener building_listener();
  void on_settled();
  void reload();
  void apply(config::Project project);
  void set_paused(bool paused);
  void finish_stop();
  [[nodiscard]] config::Project restricted(config::Project project) const;

  Loop& loop_;
  Settings settings_;
  config::Project project_;  // in force
  ConfigurationState configuration_;
  std::unique_ptr<process::Orphanage> orphanage_;
  std::unique_ptr<process::TaskExecutor> executor_;
  std::unique_ptr<Notifier> notifier_;
  std::unique_ptr<Publishing> publishing_;
  std::unique_ptr<state::Executions> executions_;  // null: there is no database
  std::unique_ptr<KeptState> kept_state_;
  std::unique_ptr<Tasking> tasking_;
  std::unique_ptr<Building> building_;
  std::unique_ptr<Running> running_;
  std::unique_ptr<Watching> watching_;
  std::unique_ptr<Answers> answers_;
  std::unique_ptr<Waiting> waiting_;
  std::unique_ptr<Serving> serving_;
  std::function<void(std::string_view)> on_line_;
  std::function<void()> stopped_;
  bool stopping_ = false;
  bool closed_ = false;
};

}  // namespace poltergeist::daemon
