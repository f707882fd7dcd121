// SPDX-License-Identifier: MIT
// What the project's daemon says of itself, or what one left that is no more.
#pragma once

#include "cli/doctor/facts.h"
#include "cli/project_at.h"

namespace poltergeist::cli::doctor {

// Fills in `daemon`, and from its answer `watch`, `cgroup` and `events`.
void ask_daemon(const ProjectAt& project, Facts& facts);

}  // namespace poltergeist::cli::doctor
