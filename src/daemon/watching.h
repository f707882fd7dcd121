// SPDX-License-Identifier: MIT
// The watcher on the loop: kernel events to batches, the watcher's state to whoever shows it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "build/core.h"
#include "config/project.h"
#include "state/state_dir.h"
#include "state/target_state.h"
#include "sys/deadline_timer.h"
#include "sys/loop.h"
#include "watch/backend.h"
#include "watch/watcher.h"

namespace poltergeist::daemon {

class Watching {
 public:
  struct Listener {
    // Targets that a batch touched, in the order of the configuration; the clock is the batch's.
    std::function<void(const std::vector<build::Touched>&, Clock)> on_touched;
    std::function<void(const state::WatchState&)> on_state;
    std::function<void(bool running)> on_git_operation;
    std::function<void()> on_configuration;  // the configuration file changed
  };

  // Watches the whole tree before it returns.
  [[nodiscard]] static Result<std::unique_ptr<Watching>> create(Loop& loop,
                                                                const config::Project& project,
                                                                const state::ProjectPaths& paths,
                                                                Listener listener);

  // Everything that happened before the call has been reported when it returns.
  void sync();
  // The same when a build has ended (watch::Watcher::end_build()).
  void end_build();
  // Takes what the kernel has ready, without more ado.
  void take_ready();
  [[nodiscard]] Result<void> configure(const config::Project& project);
  // A build of the target begins with its files as they are known now, or what it made before is of
  // them.
  void begin_build(const TargetId& target);

  [[nodiscard]] state::WatchState state() const;
  [[nodiscard]] Clock clock() const { return watcher_->clock(); }
  // Of a target's watched files; empty if it is not watched.
  [[nodiscard]] std::string fingerprint(const TargetId& target) const;
  [[nodiscard]] std::size_t file_count(const TargetId& target) const;
  [[nodiscard]] watch::Explanation why(const RelPath& path) const { return watcher_->why(path); }
  [[nodiscard]] const TargetId* target_at(std::size_t index) const;
  [[nodiscard]] watch::Counters counters() const { return watcher_->counters(); }
  [[nodiscard]] std::vector<watch::PastHint> past_hints() const { return watcher_->past_hints(); }
  [[nodiscard]] std::string_view backend() const { return watcher_->backend(); }
  // Why that one was chosen; empty if there is nothing to say.
  [[nodiscard]] const std::string& choice() const { return choice_; }

 private:
  Watching(Loop& loop, state::ProjectPaths paths, Listener listener);
  [[nodiscard]] watch::Options options_for(const config::Project& project);
  void report(const watch::Batch& batch);
  void report_changes(const watch::Batch& batch);
  void wait_again();
  void wait_for_mounts();
  [[nodiscard]] std::size_t index_of(const TargetId& target) const;

  Loop& loop_;
  state::ProjectPaths paths_;
  Listener listener_;
  std::vector<TargetId>
      targets_;  // by the watcher's index; the configuration's own comes after them
  std::unique_ptr<watch::Watcher> watcher_;
  std::string choice_;
  int watched_fd_ = -1;
  Loop::Handle readable_;
  Loop::Handle mounts_;
  DeadlineTimer timer_;
  watch::WatchState told_state_;
  bool told_git_ = false;
};

}  // namespace poltergeist::daemon
