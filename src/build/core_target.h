// SPDX-License-Identifier: MIT
// What the scheduler knows of one target. Internal to Core.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "build/core.h"

namespace poltergeist::build {

// Everything that asks for the next build, gathered until it starts.
struct Reasons {
  std::optional<Cause> cause;
  Why why;
  bool outside = false;  // a change that came while no build of the target was running

  void add(Cause added);
  void add_changes(const Touched& touched, Instant now);
  // Puts back what a build that was cancelled had started for.
  void restore(Reasons older);
};

struct Running {
  BuildId build;
  // What it answers when it is let through to its end.
  Clock clock = 0;
  std::uint64_t asked = 0;
  Reasons reasons;
  Instant started{};
  int attempt = 1;
  bool requested = false;
  std::vector<RelPath> rewritten;  // meanwhile, with the same bytes; sorted
  std::optional<CancelReason> cancelling;
  // Of a target that was removed and configured again meanwhile: its outcome says nothing.
  bool obsolete = false;
};

// Builds in a row that were set off by nothing but changes of `paths` during the build before.
struct SelfTriggered {
  int builds = 0;
  std::vector<RelPath> paths;
};

struct TargetState {
  TargetSettings settings;
  // Edges that close a cycle are left out, should a configuration ever hold one.
  std::vector<TargetState*> dependencies;
  std::vector<TargetState*> dependents;
  // False: removed while a build of it was running; gone when that has ended.
  bool configured = true;

  Clock dirty = 0;
  Clock built = 0;
  std::uint64_t asked = 0;
  std::uint64_t answered = 0;
  bool evaluated = false;  // it is known whether it is fresh
  bool failed = false;     // the last build that was let through
  // What it made is still there, and made of what its files said when it began.
  bool restorable = false;
  std::vector<RelPath> own_rewrites;  // during the last good build and those since; sorted
  int attempts = 0;                   // how often that was tried, if it failed

  QuietWindow window;
  Reasons reasons;
  bool requested = false;  // goes past: disabled, paused, git, loop
  bool urgent = false;     // goes first in the queue, past git
  std::optional<Instant> retry_at;
  int next_attempt = 1;
  int cancellations = 0;  // in a row
  std::optional<Running> running;
  SelfTriggered self;
  std::optional<Instant> last_end;
  std::optional<Instant> waiting_since;  // for ageing: since nothing but others held it

  std::optional<Why> last_why;
  Verdict verdict;  // as of the last event

  [[nodiscard]] const TargetId& id() const { return settings.id; }
  // Beyond what a running build will answer.
  [[nodiscard]] bool is_stale() const {
    const bool answers = running && !running->obsolete;
    return dirty > (answers ? running->clock : built) ||
           asked > (answers ? running->asked : answered);
  }
  [[nodiscard]] bool is_ignored() const { return !settings.enabled && !requested && !running; }
  // What of a batch is a change for this target.
  [[nodiscard]] Touched changes_in(const Touched& touched);
  void add_own_rewrites(const std::vector<RelPath>& paths);
  void ask(Cause cause);
  // Whatever is newer than the failure makes trying again pointless.
  void drop_retry();
  void close_window(Instant now);
  // Nothing is to be built, or nothing can be: nobody's wish is open any more.
  void forget_wishes();
  // What `self` becomes when the pending build starts.
  [[nodiscard]] SelfTriggered self_triggered_by_now() const;
  // How many more its own builds would have set off than is believed to be chance, the pending one
  // included; 0: it may start.
  [[nodiscard]] int loop_builds() const;
  // Until when the pending build waits for that; nothing: for ever, or not at all.
  [[nodiscard]] std::optional<Instant> loop_pause_ends() const;
  [[nodiscard]] bool is_held_by_loop(Instant now) const;
};

// The failing target that blocks this one, if any.
[[nodiscard]] const TargetState* blocker_of(const TargetState& state);
// A dependency that must be built first, if any.
[[nodiscard]] const TargetState* awaited_by(const TargetState& state);
// The target and all that it depends on, each once, dependencies first.
[[nodiscard]] std::vector<TargetState*> with_dependencies(TargetState& state);

}  // namespace poltergeist::build
