// SPDX-License-Identifier: MIT
#include "config/difference.h"

#include <algorithm>
#include <tuple>

namespace poltergeist::config {

namespace {

// Each member of Target is in exactly one of these, `place` in none and `name` in all.
auto build_of(const Target& target) {
  return std::tie(target.type, target.enabled, target.kind, target.output_path, target.depends_on,
                  target.env, target.cwd, target.timeout, target.grace_period, target.max_retries,
                  target.backoff_multiplier, target.exit_codes);
}
auto watch_of(const Target& target) {
  return std::tie(target.watch_paths, target.settling_delay, target.max_settling_delay);
}
auto shown_of(const Target& target) {
  return std::tie(target.icon, target.group, target.log_channels);
}

TargetChange change_of(const Target& before, const Target& after) {
  return {.name = after.name,
          .build = build_of(before) != build_of(after),
          .watch = watch_of(before) != watch_of(after),
          .auto_run = before.auto_run != after.auto_run,
          .post_build = before.post_build != after.post_build,
          .shown = shown_of(before) != shown_of(after)};
}

bool are_same_tasks(const Project& before, const Project& after) {
  return before.tasks.size() == after.tasks.size() &&
         std::ranges::all_of(after.tasks, [&](const Task& task) {
           const auto* old = before.find_task(task.name);
           return old != nullptr && *old == task;
         });
}

}  // namespace

Difference between(const Project& before, const Project& after) {
  Difference difference;
  for (const auto& target : after.targets) {
    const auto* old = before.find(target.name);
    if (old == nullptr) {
      difference.added.push_back(target.name);
    } else if (const auto change = change_of(*old, target); change.any()) {
      difference.changed.push_back(change);
    }
  }
  for (const auto& target : before.targets) {
    if (after.find(target.name) == nullptr) difference.removed.push_back(target.name);
  }
  difference.watcher = before.watcher != after.watcher || before.type != after.type;
  difference.scheduling = before.scheduling != after.scheduling;
  difference.notifications = before.notifications != after.notifications;
  difference.logging = before.logging != after.logging;
  difference.heartbeat = before.heartbeat != after.heartbeat;
  difference.tasks = !are_same_tasks(before, after);
  difference.worker = before.worker != after.worker;
  return difference;
}

}  // namespace poltergeist::config
