// SPDX-License-Identifier: MIT
// What a saved configuration changes, so that a reload disturbs only that.
// Moving things about in the file, comments and the order of targets are no change.
#pragma once

#include <vector>

#include "config/project.h"

namespace poltergeist::config {

struct TargetChange {
  TargetId name;
  // What its build is: type, command, output, env, cwd, timeouts, exit codes, retries,
  // dependencies, enabled. Its last result no longer counts.
  bool build = false;
  bool watch = false;       // watchPaths or its own settling delays
  bool auto_run = false;    // its runner must be told
  bool post_build = false;  // its hooks
  bool shown = false;       // icon, group, log channels: nothing to do but say so

  [[nodiscard]] bool any() const { return build || watch || auto_run || post_build || shown; }
  friend bool operator==(const TargetChange&, const TargetChange&) = default;
};

struct Difference {
  std::vector<TargetId> added;    // in the order of the new configuration
  std::vector<TargetId> removed;  // in the order of the old one
  std::vector<TargetChange> changed;
  bool watcher = false;  // the project's watching, or its type, which brings default exclusions
  bool scheduling = false;
  bool notifications = false;
  bool logging = false;
  bool heartbeat = false;
  bool tasks = false;  // one of them at least; which, nobody needs to know
  bool worker = false;

  [[nodiscard]] bool none() const { return *this == Difference{}; }
  friend bool operator==(const Difference&, const Difference&) = default;
};

// Both of the same root.
[[nodiscard]] Difference between(const Project& before, const Project& after);

}  // namespace poltergeist::config
