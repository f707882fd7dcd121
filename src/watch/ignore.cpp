// SPDX-License-Identifier: MIT
#include "watch/ignore.h"

#include <xxhash.h>

#include <algorithm>

namespace poltergeist::watch {

namespace {

constexpr std::string_view kWildcards = "*?[\\";

// Blanks at the end go, unless escaped; tabs are part of the name.
std::string_view without_trailing_blanks(std::string_view line) {
  std::size_t keep = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      if (++i >= line.size()) return line;
      keep = i + 1;
    } else if (line[i] != ' ') {
      keep = i + 1;
    }
  }
  return line.substr(0, keep);
}

// `/**/**/x` is `/x` behind a `**`.
std::string_view without_leading_stars(std::string_view rest) {
  while (rest.starts_with("/**")) {
    const auto next = rest.find_first_not_of('*', 1);
    if (next == std::string_view::npos || rest[next] != '/') break;
    rest.remove_prefix(next);
  }
  return rest;
}

// The patterns that one with slashes stands for. Git compares the start up to the first wildcard as
// text and matches only the rest as a pattern; so a `**` that directly follows that start counts as
// standing at the front: `foo**/bar` is `foobar`, and `bar` anywhere below what begins with foo.
std::vector<std::string> readings_of(std::string_view text) {
  const auto wildcard = text.find_first_of(kWildcards);
  if (wildcard == std::string_view::npos || wildcard == 0 || text[wildcard - 1] == '/') {
    return {std::string(text)};
  }
  const auto behind = text.find_first_not_of('*', wildcard);
  const auto rest = behind == std::string_view::npos ? std::string_view{} : text.substr(behind);
  const auto stars = text.size() - rest.size() - wildcard;
  if (stars < 2 || !(rest.empty() || rest.starts_with('/'))) return {std::string(text)};
  const std::string start(text.substr(0, wildcard));
  if (rest.empty()) return {start + "*", start + "*/**"};
  // Another `**` behind it stands at the front in its turn, and one is as good as many.
  const auto tail = without_leading_stars(rest);
  const auto next = start + std::string(tail.substr(1));
  auto readings = tail.starts_with("/*") ? readings_of(next) : std::vector{next};
  readings.push_back(start + "*/**" + std::string(tail));
  return readings;
}

}  // namespace

std::size_t IgnoreFile::TextHash::operator()(std::string_view text) const {
  return XXH3_64bits(text.data(), text.size());
}

IgnoreFile IgnoreFile::parse(std::string_view text, RelPath base, const std::string& source) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  IgnoreFile file(std::move(base));
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = line.substr(0, line.find('\0'));  // git reads C strings
    if (line.empty() || line.starts_with('#')) continue;
    file.add(
        {.pattern = std::string(without_trailing_blanks(line)), .source = source, .line = number});
  }
  return file;
}

bool IgnoreFile::add(IgnoreRule rule) {
  std::string_view text = rule.pattern;
  Compiled compiled;
  if (text.starts_with('!')) {
    compiled.rule.takes_back = true;
    text.remove_prefix(1);
  }
  if (text.ends_with('/')) {
    compiled.directories_only = true;
    text.remove_suffix(1);
  }
  if (text.empty()) return false;

  const auto number = static_cast<std::uint32_t>(rules_.size());
  if (text.find('/') == std::string_view::npos) {
    auto name = NamePattern::parse(text);
    if (!name) return false;
    const auto& literal = name->literal();
    if (name->is_literal()) {
      by_name_[literal].push_back(number);
    } else if (name->is_suffix() && literal.find('.') != std::string::npos) {
      by_ending_[literal.substr(literal.rfind('.'))].push_back(number);
    } else {
      others_.push_back(number);
    }
    compiled.name = std::move(*name);
  } else {
    if (text.starts_with('/')) text.remove_prefix(1);
    for (const auto& reading : readings_of(text)) {
      auto path = Pattern::parse(reading, Hidden::Matched);
      if (!path) return false;
      compiled.paths.push_back(std::move(*path));
    }
    compiled.literal_start = text.substr(0, text.find_first_of(kWildcards));
    others_.push_back(number);
  }
  const bool takes_back = compiled.rule.takes_back;
  compiled.rule = std::move(rule);
  compiled.rule.takes_back = takes_back;
  rules_.push_back(std::move(compiled));
  return true;
}

bool IgnoreFile::matches(const Compiled& rule, std::string_view path, std::string_view name,
                         Entry entry) const {
  if (rule.directories_only && entry == Entry::File) return false;
  if (rule.name) return rule.name->matches(name, Hidden::Matched);
  if (!base_.is_root()) path.remove_prefix(base_.text().size() + 1);
  if (!path.starts_with(rule.literal_start)) return false;
  return std::any_of(rule.paths.begin(), rule.paths.end(),
                     [&](const Pattern& pattern) { return pattern.matches(path); });
}

const IgnoreRule* IgnoreFile::speaks_on(std::string_view path, std::string_view name,
                                        Entry entry) const {
  const Compiled* last = nullptr;
  const auto consider = [&](const Numbers& numbers) {
    for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
      const auto& rule = rules_[*number];
      if (last != nullptr && &rule < last) return;
      if (matches(rule, path, name, entry)) {
        last = &rule;
        return;
      }
    }
  };
  if (rules_.empty()) return nullptr;
  if (const auto found = by_name_.find(name); found != by_name_.end()) consider(found->second);
  if (const auto dot = name.rfind('.'); dot != std::string_view::npos && !by_ending_.empty()) {
    const auto found = by_ending_.find(name.substr(dot));
    if (found != by_ending_.end()) consider(found->second);
  }
  consider(others_);
  return last == nullptr ? nullptr : &last->rule;
}

}  // namespace poltergeist::watch
