// SPDX-License-Identifier: MIT
#include "config/glob_syntax.h"

#include <fmt/format.h>

#include "base/glob_syntax.h"

namespace poltergeist::config {

std::optional<std::string> problem_with_pattern(std::string_view pattern) {
  if (pattern.starts_with('!')) pattern.remove_prefix(1);
  return problem_with_glob(pattern);
}

std::optional<std::string> upstream_reading(std::string_view pattern) {
  if (pattern.find("**") != std::string_view::npos) return std::nullopt;
  const auto slash = pattern.rfind('/');
  const bool excludes = pattern.starts_with('!');
  const auto begin = slash == std::string_view::npos ? (excludes ? 1U : 0U) : slash + 1;
  if (!pattern.substr(begin).starts_with("*.")) return std::nullopt;
  return fmt::format("{}**/{}", pattern.substr(0, begin), pattern.substr(begin));
}

}  // namespace poltergeist::config
