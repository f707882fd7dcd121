// SPDX-License-Identifier: MIT
#include "watch/glob.h"

#include <algorithm>

namespace poltergeist::watch {

namespace {

struct Braces {
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<std::size_t> commas;
};

// The first braces that enclose a comma of their own.
std::optional<Braces> first_braces(std::string_view text) {
  std::vector<Braces> open;
  std::optional<Braces> first;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      open.push_back({.open = i});
    } else if (text[i] == ',' && !open.empty()) {
      open.back().commas.push_back(i);
    } else if (text[i] == '}' && !open.empty()) {
      open.back().close = i;
      const bool counts = !open.back().commas.empty();
      if (counts && (!first || open.back().open < first->open)) first = open.back();
      open.pop_back();
    }
  }
  return first;
}

// An escaped slash is a slash.
std::string with_plain_slashes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text[++i] != '/') plain += '\\';
    }
    plain += text[i];
  }
  return plain;
}

// Parts joined again without "." and empty ones; a trailing slash stays.
Result<std::string> normalised(std::string_view alternative, std::string_view whole) {
  if (alternative.starts_with('/')) {
    return fail(Errc::Invalid, "\"{}\": patterns are relative to the project's root", whole);
  }
  const bool directory = alternative.ends_with('/');
  std::string normal;
  while (!alternative.empty()) {
    const auto slash = alternative.find('/');
    const auto part = alternative.substr(0, slash);
    alternative =
        slash == std::string_view::npos ? std::string_view{} : alternative.substr(slash + 1);
    if (part == "..") {
      return fail(Errc::Invalid, "\"{}\": nothing outside of the project is watched", whole);
    }
    if (part.empty() || part == ".") continue;
    if (!normal.empty()) normal += '/';
    normal += part;
  }
  if (normal.empty()) return std::string("**");
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

Result<std::vector<std::string>> expand_braces(std::string_view text, std::size_t at_most) {
  std::vector<std::string> done;
  std::vector<std::string> waiting{std::string(text)};
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.back());
    waiting.pop_back();
    auto braces = first_braces(next);
    if (!braces) {
      done.push_back(next);
    } else {
      // Backwards onto the stack, so that the results come in the order written.
      braces->commas.push_back(braces->close);
      for (std::size_t i = braces->commas.size(); i-- > 0;) {
        const std::size_t from = (i == 0 ? braces->open : braces->commas[i - 1]) + 1;
        waiting.push_back(next.substr(0, braces->open) +
                          next.substr(from, braces->commas[i] - from) +
                          next.substr(braces->close + 1));
      }
    }
    if (done.size() + waiting.size() > at_most) {
      return fail(Errc::Invalid, "\"{}\": stands for more than {} patterns", text, at_most);
    }
  }
  return done;
}

Result<Glob> Glob::parse(std::string_view text, Hidden hidden) {
  if (text.empty()) return fail(Errc::Invalid, "an empty pattern matches nothing");
  if (text.find('\0') != std::string_view::npos) {
    return fail(Errc::Invalid, "a pattern holds a zero byte, which no path does");
  }
  auto expanded = expand_braces(with_plain_slashes(text));
  if (!expanded) return fail(expanded.error());

  Glob glob;
  glob.text_ = text;
  std::optional<std::string> prefix;
  for (const auto& alternative : *expanded) {
    auto normal = normalised(alternative, text);
    if (!normal) return fail(normal.error());
    auto pattern = Pattern::parse(*normal, hidden);
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
