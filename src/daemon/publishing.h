// SPDX-License-Identifier: MIT
// Facts to those who want to know them: state files, the event bus, the history, the desktop. The
// other performers say what happened, once; everything that is visible from outside is derived
// here.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/exit.h"
#include "build/diagnostics.h"
#include "build/progress.h"
#include "build/verdict.h"
#include "config/project.h"
#include "daemon/latency_ledger.h"
#include "daemon/notifier.h"
#include "state/event_bus.h"
#include "state/history.h"
#include "state/project_database.h"
#include "state/state_dir.h"
#include "state/state_manager.h"
#include "state/timing_figures.h"
#include "sys/deadline_timer.h"
#include "sys/loop.h"
#include "sys/worker.h"

namespace poltergeist::daemon {

// A build as it began: what its state file and its history entry begin with.
struct BuildBegin {
  TargetId target;
  BuildId build;
  build::Why why;
  std::string builder;
  std::string git_hash;
  std::string fingerprint;                        // of the watched files
  std::optional<Instant> spawned = std::nullopt;  // nothing: no process could be started
};

// A build as it ended.
struct BuildFinish {
  TargetId target;
  BuildId build;
  state::BuildVerdict verdict = state::BuildVerdict::Failure;
  Milliseconds duration{0};
  std::optional<Instant> ended = std::nullopt;  // nothing: there was no process
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string how_it_ended;  // "exited with code 2"
  std::vector<Diagnostic> diagnostics;
  std::vector<std::string> last_output;
  std::string command;
  std::vector<std::string> artifacts;
  std::map<std::string, std::string> outputs;  // that it set
  std::string output_path;                     // of the artifact, where there is one
  std::string output_fingerprint;              // of all outputs
  // Of the watched files, if they say at its end what they said when it began; empty: they do not.
  std::string fingerprint;
  std::uint64_t log_bytes = 0;  // that it left in its log
  bool superseded = false;      // something changed since it began
  bool retried = false;
};

class Publishing {
 public:
  // Without a database there is no history, and events are kept in memory only.
  Publishing(Loop& loop, state::ProjectPaths paths,
             const Result<std::shared_ptr<state::ProjectDatabase>>& database, Notifier& notifier);

  // Takes up a configuration: targets that are new, changed or gone.
  void set_project(const config::Project& project);

  void build_began(const BuildBegin& begin);
  void build_progressed(const TargetId& target, BuildId build, const build::Progress& progress);
  // It shows no sign of life since then; nothing: it does so again.
  void build_stalled(const TargetId& target, BuildId build, std::optional<Instant> since);
  void build_said(const TargetId& target, BuildId build, LogLevel level,
                  const std::string& message);
  void build_finished(const BuildFinish& finish);
  void hook_began(const TargetId& target, BuildId build, const std::string& hook,
                  state::BuildVerdict trigger);
  void hook_finished(const TargetId& target, BuildId build, const state::HookResult& result);
  void runner_changed(const TargetId& target, const state::RunnerState& runner);
  // It was in that state, and is in another one already: told, and not written down.
  void runner_passed(const TargetId& target, const state::RunnerState& runner);
  void sidecar_started(const TargetId& target, const std::string& command);
  void sidecar_exited(const TargetId& target, Exit exit);
  // The program of a build: amends what was recorded of that build.
  void runner_reached(const TargetId& target, BuildId build, Stage stage, Instant when);
  void freshness(const TargetId& target, const build::Verdict& verdict);
  void watch_changed(const state::WatchState& watch);
  void configuration_refused(const std::vector<std::string>& problems);
  void configuration_applied();
  void paused(bool paused);
  void started(const std::string& version);
  void stopping(const std::string& reason);
  // No target has an active daemon any more. Nothing is published after it.
  void close();

  [[nodiscard]] state::EventBus& bus() { return bus_; }
  // Writes down and tells at once what was published; else it is done when the loop's turn ends.
  void flush();
  // Calls `then` from the loop, when the state file of that target says what is known now. If it
  // cannot be written nobody is kept waiting for it.
  void when_written(const TargetId& target, std::function<void()> then);
  // Why something that others are to see cannot be written at the moment; empty if all can.
  [[nodiscard]] std::string degraded() const;
  [[nodiscard]] state::StateManager& states() { return states_; }
  [[nodiscard]] const state::ProjectPaths& paths() const { return paths_; }
  [[nodiscard]] const state::WatchState& watch() const { return watch_; }

  // The highest build number that anything remembers, plus one.
  [[nodiscard]] std::uint64_t next_build_id();
  [[nodiscard]] std::optional<state::LastSuccess> last_success(const TargetId& target);
  // A fresh target's files are known by this fingerprint now: some were touched since.
  void set_fingerprint(const TargetId& target, const std::string& fingerprint);
  // Over the last builds of the target, those before this daemon included.
  [[nodiscard]] Result<state::TimingFigures> timing_figures(const TargetId& target);

 private:
  void publish(state::EventBody body);
  void record(const BuildFinish& finish, const std::optional<Timing>& timing);
  void write_history(const state::BuildEntry& entry);
  void notify_of_end(const BuildFinish& finish, std::optional<bool> success_before);
  void make_safe(const std::filesystem::path& file,
                 const std::function<void(const Result<void>&, state::Moment)>& done);
  void make_log_room();
  void call_those_who_wait();
  void arm();

  Loop& loop_;
  state::ProjectPaths paths_;
  std::optional<state::History> history_;
  Notifier& notifier_;
  config::Project project_;
  state::EventBus bus_;
  Worker disk_;
  state::StateManager states_;
  state::WatchState watch_;
  std::map<TargetId, BuildBegin> running_;
  LatencyLedger ledger_;
  std::map<TargetId, Instant> told_progress_;
  std::uint64_t logged_ = 0;                            // bytes, since the logs were looked through
  std::map<TargetId, state::BuildEntry> last_success_;  // its program may yet amend it
  std::string degraded_;                                // that was told of
  std::vector<std::pair<TargetId, std::function<void()>>> when_written_;
  Loop::Handle flushes_;
  DeadlineTimer timer_;
};

}  // namespace poltergeist::daemon
