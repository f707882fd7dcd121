// SPDX-License-Identifier: MIT
// What a project counts on and does not make itself: the programs that can be known without running
// a shell. The daemon starts all the same, and says so of the target that needs one; `validate`
// says it before.
#pragma once

#include <string>
#include <vector>

#include "config/project.h"

namespace poltergeist::daemon {

// One "file:line:column: …" for each program of an enabled target that is not there. `environment`
// is what the daemon would have. Silent about a line for the shell that does not begin with an
// absolute path, and about what lies in the project, because a build may be what makes it.
[[nodiscard]] std::vector<std::string> missing_programs(
    const config::Project& project, const std::vector<std::string>& environment);

}  // namespace poltergeist::daemon
