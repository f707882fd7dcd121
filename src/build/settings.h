// SPDX-License-Identifier: MIT
// What the scheduler needs to know of a project: a value made from the configuration, compared when
// the configuration is reloaded.
#pragma once

#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "config/project.h"

namespace poltergeist::build {

// What a build of a target consists of. When this changes, what was built before is out of date.
struct Definition {
  config::TargetType type = config::TargetType::Executable;
  config::TargetKind kind;
  std::vector<std::string> watch_paths;
  std::string output_path;
  std::vector<TargetId> depends_on;
  config::Environment env;
  std::string cwd;

  friend bool operator==(const Definition&, const Definition&) = default;
};

struct TargetSettings {
  TargetId id;
  bool enabled = true;
  Duration settling_delay = Milliseconds(20);
  Duration max_settling_delay = Milliseconds(2000);
  int max_retries = 0;
  double backoff_multiplier = 2.0;
  // Targets with the same key share something that two builds would fight over (a CMake build
  // directory, node_modules): they are not built at the same time. Empty: shares nothing.
  std::string exclusive_key;
  Definition definition;

  friend bool operator==(const TargetSettings&, const TargetSettings&) = default;
};

struct Settings {
  std::vector<TargetSettings> targets;  // in the order written; dependencies form no cycle
  config::BuildScheduling scheduling;

  friend bool operator==(const Settings&, const Settings&) = default;
};

[[nodiscard]] Settings settings_for(const config::Project& project);

}  // namespace poltergeist::build
