// SPDX-License-Identifier: MIT
// Where a target stands, what holds its next build back, and what made its last one start.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/paths.h"
#include "base/time.h"

namespace poltergeist::build {

// The answer to "is what T left behind made from the tree as it is?".
enum class Standing {
  Unknown,   // nobody has looked yet (Core::on_evaluated), or there is no such target
  Fresh,     // yes, and so are all its dependencies
  Failed,    // it was built from the tree as it is, and that failed
  Blocked,   // a dependency failed: Verdict::blocked_by
  Building,  // a build is running; Verdict::stale says whether another one must follow
  Pending    // a build is to come; Verdict::hold says what it waits for
};
inline constexpr auto kStandings = std::to_array<EnumName<Standing>>({
    {Standing::Unknown, "unknown"},
    {Standing::Fresh, "fresh"},
    {Standing::Failed, "failed"},
    {Standing::Blocked, "blocked"},
    {Standing::Building, "building"},
    {Standing::Pending, "pending"},
});

// What keeps the next build from starting, the first that applies in this order.
enum class Hold {
  None,        // nothing: no build is wanted, or it is starting
  Build,       // a build of this very target is running
  Disabled,    // the target is disabled and nobody asked for it
  Paused,      // automatic builds are paused and nobody asked for it
  Git,         // a git operation is rewriting the tree
  Window,      // the quiet window is open
  Retry,       // the last attempt failed, the next one comes later
  Loop,        // its own builds keep changing what it watches: slowed down, then stopped
  Dependency,  // a dependency is to be built first
  Blocked,     // a dependency failed
  Lease,       // a program is about to execute the artifact
  Exclusive,   // another target builds in the same directory
  Slot         // as many builds are running as may
};
inline constexpr auto kHolds = std::to_array<EnumName<Hold>>({
    {Hold::None, "none"},
    {Hold::Build, "build"},
    {Hold::Disabled, "disabled"},
    {Hold::Paused, "paused"},
    {Hold::Git, "git"},
    {Hold::Window, "window"},
    {Hold::Retry, "retry"},
    {Hold::Loop, "loop"},
    {Hold::Dependency, "dependency"},
    {Hold::Blocked, "blocked"},
    {Hold::Lease, "lease"},
    {Hold::Exclusive, "exclusive"},
    {Hold::Slot, "slot"},
});

struct Verdict {
  Standing standing = Standing::Unknown;
  Hold hold = Hold::None;
  bool stale = false;     // beyond what a running build will answer: another build must follow
  Clock dirty_clock = 0;  // of the last batch that touched it
  Clock built_clock = 0;  // when the last build that was let through started
  std::optional<TargetId> blocked_by;  // Hold::Blocked: the one that failed; Dependency: the next
  std::optional<Instant> retry_at;
  int attempts = 0;           // of the failure: more than 1 with retries
  std::vector<RelPath> loop;  // Hold::Loop: what its builds keep changing
};

// What first asked for a build. When several did, the one that stands first here is named.
enum class Cause { Requested, Changed, Configuration, Dependency, Initial, Retry };
inline constexpr auto kCauses = std::to_array<EnumName<Cause>>({
    {Cause::Requested, "requested"},
    {Cause::Changed, "changed"},
    {Cause::Configuration, "configuration"},
    {Cause::Dependency, "dependency"},
    {Cause::Initial, "initial"},
    {Cause::Retry, "retry"},
});

inline constexpr std::size_t kTriggerPaths = 20;

// Why a build started: everything that asked for it since the last build that was let through.
struct Why {
  Cause cause = Cause::Initial;
  std::vector<RelPath> paths;            // the first kTriggerPaths, each once
  std::size_t total_paths = 0;           // how many changes there were; more than paths if cut off
  std::optional<TargetId> dependency;    // Cause::Dependency: which one was rebuilt
  Clock clock = 0;                       // the tree that it was built from
  std::optional<Instant> first_event;    // the first of the changes was noticed
  std::optional<Instant> window_closed;  // for the last time; there if first_event is
  std::optional<Instant>
      queued;  // from here on it waited for a slot, a lease or another build only
  Instant started{};
};

}  // namespace poltergeist::build
