// SPDX-License-Identifier: MIT
// Whether automatic builds of a project are paused: a file that is there or not, so that it
// survives a restart and other tools can see it. The original's spelling of its name counts as
// well.
#pragma once

#include "base/result.h"
#include "state/state_dir.h"

namespace poltergeist::state {

[[nodiscard]] bool is_paused(const ProjectPaths& paths);
[[nodiscard]] Result<void> set_paused(const ProjectPaths& paths, bool paused);

}  // namespace poltergeist::state
