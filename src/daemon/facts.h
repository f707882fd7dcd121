// SPDX-License-Identifier: MIT
// Looks up on disk what a plan wants to know: the impure half of build/plan.h.
#pragma once

#include <filesystem>

#include "build/plan.h"

namespace poltergeist::daemon {

// `path` is the PATH that the build will get; `why_paths` and `total` are what it starts for.
[[nodiscard]] build::Facts look_up(const build::WantedFacts& wanted, const config::Project& project,
                                   std::string_view path, std::vector<RelPath> why_paths,
                                   std::size_t total);

// The PATH of what is started with `over` over the environment `own`.
[[nodiscard]] std::string_view path_in(const config::Environment& over,
                                       const std::vector<std::string>& own);
// The file that a bare name stands for; empty if there is none.
[[nodiscard]] std::filesystem::path find_in_path(const std::string& program, std::string_view path);
[[nodiscard]] bool is_in_path(const std::string& program, std::string_view path);

}  // namespace poltergeist::daemon
