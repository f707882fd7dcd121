// SPDX-License-Identifier: MIT
// What a configuration says about watching, in the words of the watcher: for the daemon that
// watches, and for `poltergeist doctor`, which looks at what it would watch.
#pragma once

#include <filesystem>

#include "config/project.h"
#include "watch/backend.h"
#include "watch/options.h"

namespace poltergeist::daemon {

[[nodiscard]] watch::Backend watch_backend_for(const config::Project& project);
// The targets by their index; behind them the configuration itself, if it lies below the root.
[[nodiscard]] watch::Options watch_options_for(const config::Project& project,
                                               const std::filesystem::path& state_dir);

}  // namespace poltergeist::daemon
