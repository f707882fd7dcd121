// SPDX-License-Identifier: MIT
// The commit that a worktree stands on, read from git's files: no process, no lock, no effect on
// the user's git (reliability W08).
#pragma once

#include <filesystem>
#include <string>

namespace poltergeist::daemon {

// The first 7 digits of the commit, as `git rev-parse --short` mostly prints; "unknown" outside a
// repository, on a branch without commits, or with a reference format that is not files.
[[nodiscard]] std::string git_head_of(const std::filesystem::path& root);

}  // namespace poltergeist::daemon
