// SPDX-License-Identifier: MIT
// Whether a git process works in a working tree, for what an operation leaves in git's directory
// may have outlived it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

namespace poltergeist::watch {

// A process called git whose current directory is `top`, a real path: git goes to the root of its
// working tree by itself. `last` is the answer before and is looked at first, for reading the list
// of all processes takes milliseconds. Those of other users and of other process namespaces are not
// seen.
[[nodiscard]] std::optional<pid_t> find_git_at_work(const std::filesystem::path& top,
                                                    std::optional<pid_t> last);

}  // namespace poltergeist::watch
