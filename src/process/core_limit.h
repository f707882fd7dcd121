// SPDX-License-Identifier: MIT
// A core file of ours would hold the environment and the secrets of every project's builds. Ours
// are forbidden; what we start may leave those that its user allows.
#pragma once

#include <sys/resource.h>

#include <optional>

namespace poltergeist::process {

// From now on this process leaves no core file. Children have the limit that was.
void forbid_own_core_files();

// What a child is to have instead of our own limit; nothing if that is not changed.
[[nodiscard]] const std::optional<rlimit>& core_limit_of_children();

}  // namespace poltergeist::process
