// SPDX-License-Identifier: MIT
#include "daemon/git_head.h"

#include <optional>

#include "base/text.h"
#include "sys/files.h"
#include "watch/git_places.h"

namespace poltergeist::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShort = 7;
constexpr std::string_view kUnknown = "unknown";

std::optional<std::string> first_line_of(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  return std::string(trimmed(std::string_view(*text).substr(0, text->find('\n'))));
}

std::optional<std::string> packed(const fs::path& common_dir, const std::string& reference) {
  const auto text = read_file(common_dir / "packed-refs");
  if (!text) return std::nullopt;
  for (const auto line : lines_of(*text)) {
    const auto space = line.find(' ');
    if (space != std::string_view::npos && line.substr(space + 1) == reference) {
      return std::string(line.substr(0, space));
    }
  }
  return std::nullopt;
}

}  // namespace

std::string git_head_of(const fs::path& root) {
  const auto places = watch::find_git_places(root);
  if (!places) return std::string(kUnknown);
  auto commit = first_line_of(places->own / "HEAD");
  if (commit && commit->starts_with("ref:")) {
    const std::string reference(trimmed(commit->substr(4)));
    commit = first_line_of(places->common / reference);
    if (!commit) commit = packed(places->common, reference);
  }
  if (!commit || commit->size() < kShort) return std::string(kUnknown);
  return commit->substr(0, kShort);
}

}  // namespace poltergeist::daemon
