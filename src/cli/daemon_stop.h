// SPDX-License-Identifier: MIT
// Ending the daemon of a project: asked over its socket, believed when its lock is free.
#pragma once

#include <optional>

#include "cli/project_at.h"

namespace poltergeist::cli {

// The pid of the daemon that has ended; nothing if none was running.
[[nodiscard]] Attempt<std::optional<int>> stop_daemon(const ProjectAt& project);

}  // namespace poltergeist::cli
