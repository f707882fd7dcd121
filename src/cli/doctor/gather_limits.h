// SPDX-License-Identifier: MIT
// What the system allows this user, and how much of it is taken.
#pragma once

#include "cli/doctor/facts.h"

namespace poltergeist::cli::doctor {

// Open files are those of the daemon if there is one.
[[nodiscard]] LimitFacts look_at_limits(const std::optional<DaemonFacts>& daemon);

}  // namespace poltergeist::cli::doctor
