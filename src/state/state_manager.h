// SPDX-License-Identifier: MIT
// The one writer of a project's state files: holds the state of every target, changes it by the
// transitions of target_state.h, writes each change by rename. Only the holder of the project's
// lock may have one. One thread.
//
// The model: memory is the truth and a file follows it. A change that a reader must not miss (a
// build begins or ends, freshness is lost or gained) is written at once; progress at most five
// times a second. What a runner does is written by the next on_time(), because to replace a file
// takes as long as to start a program, which is not to wait for it. A verdict is first written and
// told to the listeners; at the next on_time() somebody is asked to make it safe against a power
// cut, because a disk may take longer than anybody is allowed to wait. What cannot be written stays
// due and is tried again; degraded() says why meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "state/state_dir.h"
#include "state/subscription.h"
#include "state/target_state.h"
#include "sys/files.h"

namespace poltergeist::state {

// One moment on both clocks: how long, and what to write down.
struct Moment {
  Instant now{};
  WallTime wall{};
};

class StateManager {
 public:
  using OnStatus = std::function<void(const TargetId&, const LastBuild&)>;

  // Makes a file safe (sync_file()) and calls `done` with how that went, now or later, not after
  // the StateManager's end.
  using MakeSafe = std::function<void(const std::filesystem::path& file,
                                      std::function<void(const Result<void>&, Moment)> done)>;

  // `heartbeat` 0: files are written on change only.
  StateManager(ProjectPaths paths, WallTime started, MakeSafe make_safe,
               Duration heartbeat = Duration::zero());

  // Takes a target up with what its old file remembers (history survives restarts), or changes what
  // an already known one is.
  void add(const TargetIdentity& identity, Moment at);
  // Forgets a target and deletes its file.
  void remove(const TargetId& target);
  // Deletes the state files of this project whose targets are not known (any more).
  void remove_unknown();

  [[nodiscard]] const TargetState* find(const TargetId& target) const;
  [[nodiscard]] std::vector<TargetId> targets() const;
  // The highest that any target remembers: numbers go on above it.
  [[nodiscard]] BuildId highest_build() const;

  // Each does nothing for a target that is not known, and says false where it changed nothing.
  bool build_started(const TargetId& target, const BuildStart& start, Moment at);
  bool build_progress(const TargetId& target, BuildId build, const Progress& progress, Moment at);
  bool build_stalled(const TargetId& target, BuildId build, std::optional<WallTime> since,
                     Moment at);
  bool build_ended(const TargetId& target, const BuildEnd& end, Moment at);
  bool set_timing(const TargetId& target, BuildId build, const Timing& timing, Moment at);
  bool set_watch(const TargetId& target, const WatchState& watch, Moment at);
  bool set_freshness(const TargetId& target, const Freshness& freshness, Moment at);
  bool set_output_path(const TargetId& target, std::string_view path, Moment at);
  bool set_hook(const TargetId& target, const HookResult& result, Moment at);
  bool set_runner(const TargetId& target, const RunnerState& runner, Moment at);

  // Its file does not say yet what is known, and nothing stands in the way of its being written.
  [[nodiscard]] bool is_behind(const TargetId& target) const;

  // Hears each change of a build's status, after it was written: building, success, failure.
  [[nodiscard]] Subscription on_status(OnStatus listener);

  // When on_time() has something to do.
  [[nodiscard]] std::optional<Instant> deadline() const;
  void on_time(Moment at);

  // Why state files are behind the truth; nothing while they are not.
  [[nodiscard]] const std::optional<std::string>& degraded() const { return degraded_; }

  // The last words: no target has an active daemon any more. Nothing is written after it.
  void close(Moment at);

 private:
  struct Entry {
    TargetState state;
    std::optional<Instant> due;  // when the file has to follow; absent: it has
    std::optional<Instant> written;
    // When the verdict that it holds, and that a power cut could still take back, is to be made
    // safe.
    std::optional<Instant> unsafe;
    bool trouble = false;         // the last write failed
    bool unsafe_trouble = false;  // and so did the last try to make it safe
  };

  // Null for a target that is not known, and after close().
  Entry* entry_for(const TargetId& target);
  void take_up_old(const TargetIdentity& identity, Entry& entry, Moment at) const;
  [[nodiscard]] std::optional<Instant> due(const Entry& entry) const;
  void write(Entry& entry, Sync sync, Moment at);
  void make_safe(const TargetId& target, Entry& entry);
  void write_now(Entry& entry, Moment at);
  static void write_by(Entry& entry, Instant when);
  void write_paced(Entry& entry, Moment at);
  void note_trouble(const Error& error);
  void forget_settled_trouble();
  void tell_status(const Entry& entry);

  ProjectPaths paths_;
  Process process_;
  MakeSafe make_safe_;
  Duration heartbeat_;
  std::map<TargetId, Entry> entries_;
  Listeners<const TargetId&, const LastBuild&> status_{"a listener of build status"};
  std::optional<std::string> degraded_;
  bool closed_ = false;
};

}  // namespace poltergeist::state
