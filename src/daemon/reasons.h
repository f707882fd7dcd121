// SPDX-License-Identifier: MIT
// Why things are as they are, in sentences: for `why`, `status`, answers, the log and the history.
#pragma once

#include <string>
#include <vector>

#include "build/verdict.h"

namespace poltergeist::daemon {

// "src/a.c and 3 more changed", "its dependency lib was rebuilt", "requested".
[[nodiscard]] std::string reason_of(const build::Why& why);
// What a build of this target waits for, or why none comes; empty when nothing is to be said.
[[nodiscard]] std::string reason_of(const TargetId& target, const build::Verdict& verdict);
// Paths as text that may go into JSON and onto terminals.
[[nodiscard]] std::vector<std::string> texts_of(const std::vector<RelPath>& paths);

}  // namespace poltergeist::daemon
