// SPDX-License-Identifier: MIT
#include "config/glob_syntax.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace poltergeist::config {

namespace {

constexpr std::size_t kLongestPattern = 4096;
constexpr std::size_t kDeepestBraces = 16;

// The offset behind the `]` that closes the class at `open`; npos without one. A `]` right at the
// start of the class is a member of it.
std::size_t end_of_class(std::string_view pattern, std::size_t open) {
  std::size_t at = open + 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  for (bool first = true; at < pattern.size(); ++at, first = false) {
    if (pattern[at] == ']' && !first) return at + 1;
    if (pattern[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

// Counts what braces expand to: side by side they multiply, commas add.
class Alternatives {
 public:
  void open() { groups_.emplace_back(); }
  void comma() {
    if (groups_.size() > 1) groups_.back().next();
  }
  void close() {
    if (groups_.size() == 1) return;  // a `}` of its own is a character
    const auto count = groups_.back().total();
    groups_.pop_back();
    groups_.back().current = std::min(kTooMany, groups_.back().current * count);
  }
  [[nodiscard]] std::size_t depth() const { return groups_.size() - 1; }
  [[nodiscard]] std::size_t count() const { return groups_.front().total(); }

 private:
  static constexpr std::size_t kTooMany = kMostAlternatives + 1;  // products must not overflow
  struct Group {
    std::size_t finished = 0;
    std::size_t current = 1;

    [[nodiscard]] std::size_t total() const { return std::min(kTooMany, finished + current); }
    void next() {
      finished = total();
      current = 1;
    }
  };
  std::vector<Group> groups_ = {Group{}};
};

std::optional<std::string> problem_with_syntax(std::string_view pattern) {
  Alternatives alternatives;
  for (std::size_t at = 0; at < pattern.size();) {
    switch (pattern[at]) {
      case '\\':
        if (at + 1 == pattern.size())
          return "ends in a backslash: one in a name is written \\\\\\\\";
        at += 2;
        continue;
      case '[':
        at = end_of_class(pattern, at);
        if (at == std::string_view::npos) return "has a [ without ]";
        continue;
      case '{':
        alternatives.open();
        if (alternatives.depth() > kDeepestBraces) return "has too many { inside each other";
        break;
      case ',':
        alternatives.comma();
        break;
      case '}':
        alternatives.close();
        break;
      default:
        break;
    }
    ++at;
  }
  if (alternatives.depth() > 0) return "has a { without }";
  if (alternatives.count() > kMostAlternatives) {
    return fmt::format("stands for more than {} patterns", kMostAlternatives);
  }
  return std::nullopt;
}

bool leaves_the_root(std::string_view path) {
  while (true) {
    const auto slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    if (slash == std::string_view::npos) return false;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<std::string> problem_with_glob(std::string_view pattern) {
  if (pattern.starts_with('!')) pattern.remove_prefix(1);
  if (pattern.empty()) return "names nothing";
  if (pattern.size() > kLongestPattern) {
    return fmt::format("is longer than {} characters", kLongestPattern);
  }
  if (pattern.front() == '/') return "is absolute: patterns are relative to the project's root";
  if (leaves_the_root(pattern)) return "leaves the project's root, and nothing there is watched";
  return problem_with_syntax(pattern);
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
