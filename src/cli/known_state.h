// SPDX-License-Identifier: MIT
// What the state files say about a project that no daemon serves: the last that was known.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/project_at.h"

namespace poltergeist::cli {

// None: what was running then is over. Silent: it may go on at any moment, and what the files say
// holds.
enum class Daemon { None, Silent };

// In the shape of the daemon's `status` (docs/protocol.md), without what only a daemon knows.
[[nodiscard]] nlohmann::json last_known(const ProjectAt& project, const config::Project& loaded,
                                        Daemon daemon = Daemon::None);

// How long the steps of its builds took, from the recorded history, in the shape of the daemon's
// `timing`.
[[nodiscard]] Result<nlohmann::json> recorded_timing(const ProjectAt& project,
                                                     const config::Project& loaded);

// The target's build was running when its state file was written, and its daemon lives.
[[nodiscard]] bool is_building(const ProjectAt& project, const TargetId& target);

// The line that builds a target, as far as the configuration gives one; else empty.
[[nodiscard]] std::string build_command(const config::Target& target);

}  // namespace poltergeist::cli
