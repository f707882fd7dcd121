// SPDX-License-Identifier: MIT
// What a file says, in one number, so that a file that was rewritten with the same bytes can be
// told from one that was edited.
#pragma once

#include <cstdint>
#include <string>

#include "watch/fingerprint.h"

namespace poltergeist::watch {

// Equal for equal bytes with equal executable bits; a link says where it points to. Two that differ
// are taken for equal once in 2^63 times (XXH3, https://xxhash.com).
enum class Content : std::uint64_t { Unknown = 0, Absent = 1 };

[[nodiscard]] constexpr bool is_known(Content content) {
  return content != Content::Unknown;
}
// Both are known, and the same.
[[nodiscard]] constexpr bool is_same(Content a, Content b) {
  return is_known(a) && a == b;
}

// Larger files are told apart by their times alone: reading them would hold up everything else.
inline constexpr std::uint64_t kLargestContent = 1 << 20;

[[nodiscard]] bool may_have_content(const Stamp& stamp);

// Of the file at `path`, which `stamp` was taken of. Unknown if it is too large, may not be read,
// is another one by now, or would have to be fetched from a disk (where a file system cannot say
// that, it is waited for). Never follows a link.
[[nodiscard]] Content content_of(const std::string& path, const Stamp& stamp);

}  // namespace poltergeist::watch
