// SPDX-License-Identifier: MIT
// What the configuration itself says of the targets, for when the daemon cannot be asked. Not on
// the way of a fresh target: it reads and parses the file.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "config/project.h"
#include "polter/location.h"

namespace poltergeist::polter {

// Errc::Invalid with every problem, as file:line:column: message.
[[nodiscard]] Result<config::Project> configured_project(const Location& location);

// The artifact of a target, absolute; empty if it has none. Errc::NotFound with "did you mean" for
// an unknown target.
[[nodiscard]] Result<std::filesystem::path> configured_artifact(const config::Project& project,
                                                                std::string_view target);

}  // namespace poltergeist::polter
