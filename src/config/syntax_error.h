// SPDX-License-Identifier: MIT
// Says in words what is wrong where a JSON text stopped to be one.
#pragma once

#include <optional>

#include "config/problem.h"
#include "config/text_cursor.h"

namespace poltergeist::config {

// How far the parser came: the last token that was good, and what is open around it.
struct Progress {
  enum class Last { Nothing, Opening, Key, Value };
  struct Open {
    char bracket = '{';  // or '['
    Place place;
  };

  Last last = Last::Nothing;
  std::optional<Open> innermost;
};

// `behind_last` stands behind that last good token, in front of what is broken; `stopped` is the
// offset up to which the parser read.
[[nodiscard]] Problem explain_syntax_error(TextCursor behind_last, const Progress& progress,
                                           std::size_t stopped);

}  // namespace poltergeist::config
