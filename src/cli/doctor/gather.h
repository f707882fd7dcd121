// SPDX-License-Identifier: MIT
// Finds out everything that `poltergeist doctor` judges: from the system, from the daemon if there
// is one, else from a look at what a daemon would do. Changes nothing but for a file that is
// written in the root and removed again, as is a cgroup, and the state directory, which is created
// if it is not there.
#pragma once

#include <filesystem>

#include "cli/doctor/facts.h"

namespace poltergeist::cli::doctor {

// `file` is the configuration, its directory a real path. What cannot be found out is itself a
// fact: this never fails.
[[nodiscard]] Facts gather_facts(const std::filesystem::path& file);

}  // namespace poltergeist::cli::doctor
