// SPDX-License-Identifier: MIT
// What a build left behind, as far as the file system tells.
#pragma once

#include <string>

#include "build/plan.h"
#include "config/project.h"

namespace poltergeist::daemon {

// The first of the plan's possible artifacts that exists; empty if none does.
[[nodiscard]] std::string artifact_in(const build::Plan& plan);
// Tells whether any output was replaced, changed or removed since; empty if the target has no
// outputs, or one of them is missing.
[[nodiscard]] std::string output_fingerprint(const build::Plan& plan);
// Changes when anything does that decides what a build produces.
[[nodiscard]] std::string definition_digest(const config::Target& target);

}  // namespace poltergeist::daemon
