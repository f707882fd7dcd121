// SPDX-License-Identifier: MIT
#include "build/settings.h"

#include "build/plan.h"

namespace poltergeist::build {

namespace {

TargetSettings settings_of(const config::Target& target, const config::Watcher& watcher) {
  return {
      .id = target.name,
      .enabled = target.enabled,
      .settling_delay = target.settling_delay.value_or(watcher.settling_delay),
      .max_settling_delay = target.max_settling_delay.value_or(watcher.max_settling_delay),
      .max_retries = target.max_retries,
      .backoff_multiplier = target.backoff_multiplier,
      .exclusive_key = exclusive_key(target),
      .definition = {.type = target.type,
                     .kind = target.kind,
                     .watch_paths = target.watch_paths,
                     .output_path = target.output_path,
                     .depends_on = target.depends_on,
                     .env = target.env,
                     .cwd = target.cwd},
  };
}

}  // namespace

Settings settings_for(const config::Project& project) {
  Settings settings{.scheduling = project.scheduling};
  settings.targets.reserve(project.targets.size());
  for (const auto& target : project.targets) {
    settings.targets.push_back(settings_of(target, project.watcher));
  }
  return settings;
}

}  // namespace poltergeist::build
