// SPDX-License-Identifier: MIT
// Whether a pattern of the configuration can be meant, checked where it stands in the file.
// Matching is the watcher's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace poltergeist::config {

// What is wrong with it (base/glob_syntax.h); a leading `!` is no part of the glob.
[[nodiscard]] std::optional<std::string> problem_with_pattern(std::string_view pattern);

// Upstream read `dir/*.c` as `dir/**/*.c`. What it would have made of a pattern that it read
// otherwise than we do; nothing where both agree.
[[nodiscard]] std::optional<std::string> upstream_reading(std::string_view pattern);

}  // namespace poltergeist::config
