// SPDX-License-Identifier: MIT
// A remark about a place in a configuration file, for people: what is wrong there and what to do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace poltergeist::config {

struct Problem {
  int line = 0;    // from 1; 0: about the file as a whole
  int column = 0;  // from 1, in characters (not bytes); a tab is one
  std::string message;

  friend bool operator==(const Problem&, const Problem&) = default;
};

// "file:line:column: message", as editors and compilers write it; "file: message" without a place.
[[nodiscard]] std::string to_text(const Problem& problem, const std::filesystem::path& file);
// One per line, without a final newline.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems,
                                  const std::filesystem::path& file);

}  // namespace poltergeist::config
