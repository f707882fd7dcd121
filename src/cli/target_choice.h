// SPDX-License-Identifier: MIT
// Which target a verb means. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cli/refusal.h"
#include "config/project.h"

namespace poltergeist::cli {

// The target of that name, or of one that is the same but for case and separators. Exit code 4 with
// a suggestion, and the names that there are.
[[nodiscard]] Attempt<TargetId> named_target(const config::Project& project,
                                             const std::string& name);

// The named target; without a name the only enabled one. Exit code 2 if there are several, or none.
[[nodiscard]] Attempt<TargetId> chosen_target(const config::Project& project,
                                              const std::string& name, std::string_view verb);

// The same for verbs that look on: without a name the only one that is building comes first.
[[nodiscard]] Attempt<TargetId> watched_target(
    const config::Project& project, const std::string& name, std::string_view verb,
    const std::function<bool(const TargetId&)>& is_building);

}  // namespace poltergeist::cli
