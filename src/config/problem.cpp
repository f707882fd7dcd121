// SPDX-License-Identifier: MIT
#include "config/problem.h"

#include <fmt/format.h>

namespace poltergeist::config {

std::string to_text(const Problem& problem, const std::filesystem::path& file) {
  if (problem.line == 0) return fmt::format("{}: {}", file.string(), problem.message);
  return fmt::format("{}:{}:{}: {}", file.string(), problem.line, problem.column, problem.message);
}

std::string to_text(const std::vector<Problem>& problems, const std::filesystem::path& file) {
  std::string text;
  for (const auto& problem : problems) {
    if (!text.empty()) text += '\n';
    text += to_text(problem, file);
  }
  return text;
}

}  // namespace poltergeist::config
