// SPDX-License-Identifier: MIT
// What a daemon would watch, and with what, found out without one.
#pragma once

#include <optional>

#include "cli/doctor/facts.h"
#include "config/project.h"

namespace poltergeist::cli::doctor {

// Reads the whole tree by the daemon's own rules; no watch is taken from anybody. Nothing if the
// patterns cannot be.
[[nodiscard]] std::optional<WatchFacts> rehearse_watching(const config::Project& project,
                                                          const std::filesystem::path& state_dir);

}  // namespace poltergeist::cli::doctor
