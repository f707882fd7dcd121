// SPDX-License-Identifier: MIT
// The environment of what the daemon starts for a target: the daemon's own, without those who would
// ask a person, what the configuration sets, and the POLTERGEIST_ variables of design's
// "Environment". Never a secret of ours.
#pragma once

#include <string>
#include <vector>

#include "config/project.h"
#include "process/environment.h"
#include "state/state_dir.h"

namespace poltergeist::daemon {

[[nodiscard]] inline std::vector<std::string> child_environment(const config::Project& project,
                                                                const state::ProjectPaths& paths,
                                                                const TargetId& target,
                                                                config::Environment over) {
  over["POLTERGEIST_PROJECT_ROOT"] = project.root.string();
  over["POLTERGEIST_TARGET"] = target.value();
  over["POLTERGEIST_SOCKET"] = paths.socket().string();
  return process::merged_environment(process::unattended_environment(), over);
}

}  // namespace poltergeist::daemon
