// SPDX-License-Identifier: MIT
// What glob patterns are written in: sets, braces, and what makes a pattern impossible. Below both
// the reader of configurations and the watcher, so that what the one accepts the other compiles.
#pragma once

#include <bitset>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace poltergeist {

inline constexpr std::size_t kMostGlobAlternatives = 1024;
inline constexpr std::size_t kMostGlobParts = 60;  // between slashes

// What is wrong with a glob below a root, as the end of a sentence that begins with the pattern;
// nothing if it is good: `[` or `{` without end, a path that leaves the root, more alternatives
// than anybody wrote by hand.
[[nodiscard]] std::optional<std::string> problem_with_glob(std::string_view pattern);

// "a{b,c{d,e}}" → "ab", "acd", "ace". Braces that are not closed, hold no comma or stand in a set
// stand for themselves, `\{` too. Errc::Invalid beyond `at_most`.
[[nodiscard]] Result<std::vector<std::string>> expand_braces(
    std::string_view text, std::size_t at_most = kMostGlobAlternatives);

// An escaped slash is a slash.
[[nodiscard]] std::string with_plain_slashes(std::string_view pattern);

using ByteSet = std::bitset<256>;
// Reads the set whose `[` stands at `start`; returns the place behind its `]`, nothing if it does
// not end or names an unknown class. Follows git's wildmatch to the letter: a `]` in first place is
// a member, a range needs a byte on both sides, a slash is never matched.
[[nodiscard]] std::optional<std::size_t> read_set(std::string_view text, std::size_t start,
                                                  ByteSet& set);

}  // namespace poltergeist
