// SPDX-License-Identifier: MIT
#include "watch/pattern_promise.h"

#include <algorithm>

#include "base/text.h"
#include "watch/ignore.h"
#include "watch/selection.h"

namespace poltergeist::test {

using namespace watch;

namespace {

std::string broken_by_glob(std::string_view pattern, const RelPath& path) {
  const auto glob = Glob::parse(pattern);
  if (!glob) return glob.error().message.empty() ? "a refusal says nothing" : "";
  if (glob->text() != pattern) return "a pattern is not what was written";
  const auto& literal = glob->literal();
  if (literal && !glob->matches(*literal)) return "a plain path does not match itself";
  if (glob->matches(path) && !path.is_within(glob->literal_prefix())) {
    return "a match lies outside of the directory that the pattern begins in";
  }
  return "";
}

std::string broken_by_selection(const std::vector<std::string>& patterns, const RelPath& path) {
  const auto selection = Selection::compile(patterns);
  if (!selection || path.is_root()) return "";
  const bool claimed = selection->claims(path).has_value();
  if (selection->within(path.parent()).claims(path.name()) != claimed) {
    return "a name in its directory is not what its path is";
  }
  if (selection->names_exactly(path) && !claimed) return "a file is named but not claimed";
  for (RelPath above = path; claimed && !above.is_root();) {
    above = above.parent();
    if (!selection->may_contain(above)) return "a directory is pruned that holds a match";
  }
  return "";
}

std::string broken_by_ignore_file(std::string_view rules, const RelPath& path) {
  if (path.is_root()) return "";
  const auto file = IgnoreFile::parse(rules, RelPath(), "rules");
  const auto lines = std::count(rules.begin(), rules.end(), '\n') + 1;
  const auto* as_file = file.speaks_on(path.text(), path.name(), IgnoreFile::Entry::File);
  const auto* as_directory = file.speaks_on(path.text(), path.name(), IgnoreFile::Entry::Directory);
  if (as_file != nullptr && (as_file->line < 1 || as_file->line > lines)) {
    return "a rule stands on no line";
  }
  if (as_file != nullptr && as_directory == nullptr) return "a rule speaks of files only";
  if (as_file != nullptr && as_directory->line < as_file->line) return "an earlier rule decides";
  return "";
}

}  // namespace

std::string broken_pattern_promise(std::string_view text) {
  const auto end = text.find('\0');
  const auto rules = text.substr(0, end);
  auto place = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  place = place.substr(0, place.find('\0'));
  const auto path = RelPath::parse(place).value_or(RelPath());
  std::vector<std::string> patterns;
  for (const auto line : lines_of(rules)) {
    patterns.emplace_back(line);
    if (auto broken = broken_by_glob(line, path); !broken.empty()) return broken;
  }
  if (auto broken = broken_by_selection(patterns, path); !broken.empty()) return broken;
  return broken_by_ignore_file(rules, path);
}

}  // namespace poltergeist::test
