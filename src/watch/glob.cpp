// SPDX-License-Identifier: MIT
#include "watch/glob.h"

#include <algorithm>

#include "base/glob_syntax.h"

namespace poltergeist::watch {

namespace {

// Parts joined again without "." and empty ones; a trailing slash stays.
std::string normalised(std::string_view alternative) {
  const bool directory = alternative.ends_with('/');
  std::string normal;
  while (!alternative.empty()) {
    const auto slash = alternative.find('/');
    const auto part = alternative.substr(0, slash);
    alternative =
        slash == std::string_view::npos ? std::string_view{} : alternative.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  if (normal.empty()) return "**";
  return directory ? normal + "/**" : normal;
}

std::string common_parts(const std::string& a, const std::string& b) {
  std::size_t common = 0;
  for (std::size_t i = 0; i <= std::min(a.size(), b.size()); ++i) {
    const bool a_ends = i == a.size() || a[i] == '/';
    const bool b_ends = i == b.size() || b[i] == '/';
    if (a_ends && b_ends) common = i;
    if (i == a.size() || i == b.size() || a[i] != b[i]) break;
  }
  return a.substr(0, common);
}

}  // namespace

Result<Glob> Glob::parse(std::string_view text, Hidden hidden) {
  if (const auto problem = problem_with_glob(text)) {
    return fail(Errc::Invalid, "\"{}\" {}", text, *problem);
  }
  auto expanded = expand_braces(with_plain_slashes(text));
  if (!expanded) return fail(expanded.error());

  Glob glob;
  glob.text_ = text;
  std::optional<std::string> prefix;
  for (const auto& alternative : *expanded) {
    auto pattern = Pattern::parse(normalised(alternative), hidden);
    if (!pattern) return fail(pattern.error());
    const auto start = pattern->literal_start();
    prefix = prefix ? common_parts(*prefix, start) : start;
    if (pattern->is_literal()) {
      // Not for `\.`, which no file is called.
      const auto path = RelPath::parse(start);
      if (expanded->size() == 1 && path && path->text() == start) glob.literal_ = path;
      pattern->add_everything_below();
    }
    glob.alternatives_.push_back(std::move(*pattern));
  }
  glob.prefix_ = RelPath::parse(prefix.value_or("")).value_or(RelPath());
  return glob;
}

void Glob::start(std::span<Pattern::States> progress) const {
  for (std::size_t i = 0; i < progress.size(); ++i) progress[i] = alternatives_[i].start();
}

void Glob::enter(std::span<Pattern::States> progress, std::string_view name) const {
  for (std::size_t i = 0; i < progress.size(); ++i) {
    if (progress[i] != 0) progress[i] = alternatives_[i].step(progress[i], name);
  }
}

bool Glob::matches(const RelPath& path) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Pattern& pattern) { return pattern.matches(path.text()); });
}

bool Glob::matches_in(Progress at, std::string_view name) const {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (at[i] == 0) continue;
    if (alternatives_[i].accepts(alternatives_[i].step(at[i], name))) return true;
  }
  return false;
}

bool Glob::may_match_below(Progress at) const {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (alternatives_[i].goes_on(at[i])) return true;
  }
  return false;
}

bool Glob::covers_all_below(Progress at) const {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (alternatives_[i].accepts_all_below(at[i])) return true;
  }
  return false;
}

}  // namespace poltergeist::watch
