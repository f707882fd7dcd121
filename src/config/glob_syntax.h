// SPDX-License-Identifier: MIT
// Whether a glob can be meant, checked where it stands in the file. Matching is the watcher's; here
// is only what makes a pattern impossible: `[` or `{` without end, a path that leaves the root,
// more alternatives than anybody wrote by hand.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace poltergeist::config {

inline constexpr std::size_t kMostAlternatives = 1024;

// What is wrong with it, as the end of a sentence that begins with the pattern; nothing if it is
// good.
// `\` takes the next character literally; a leading `!` is part of the pattern.
[[nodiscard]] std::optional<std::string> problem_with_glob(std::string_view pattern);

// Upstream read `dir/*.c` as `dir/**/*.c`. What it would have made of a pattern that it read
// otherwise than we do; nothing where both agree.
[[nodiscard]] std::optional<std::string> upstream_reading(std::string_view pattern);

}  // namespace poltergeist::config
