// SPDX-License-Identifier: MIT
#include "watch/git_places.h"

#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::watch {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPointerLimit = 64 << 10;

// The path that a pointer file holds: `gitdir: <path>` in a `.git` file, bare in `commondir`.
// Relative ones are relative to the file's directory.
std::optional<fs::path> pointed_at_by(const fs::path& file, std::string_view label) {
  const auto text = read_file(file, kPointerLimit);
  if (!text || !text->starts_with(label)) return std::nullopt;
  const auto lines = lines_of(std::string_view(*text).substr(label.size()));
  if (lines.empty() || trimmed(lines.front()).empty()) return std::nullopt;
  return (file.parent_path() / fs::path(trimmed(lines.front()))).lexically_normal();
}

// A repository's directory has these three; a directory that only happens to be called .git has
// not.
bool is_git_directory(const fs::path& own, const fs::path& common) {
  std::error_code ignored;
  return fs::exists(own / "HEAD", ignored) && fs::is_directory(common / "objects", ignored) &&
         fs::is_directory(common / "refs", ignored);
}

std::optional<GitPlaces> places_at(const fs::path& top) {
  const fs::path entry = top / ".git";
  std::error_code ignored;
  GitPlaces places{.top = top, .own = entry};
  if (fs::is_regular_file(entry, ignored)) {
    const auto own = pointed_at_by(entry, "gitdir:");
    if (!own) return std::nullopt;
    places.own = *own;
  }
  places.common = pointed_at_by(places.own / "commondir", "").value_or(places.own);
  if (!is_git_directory(places.own, places.common)) return std::nullopt;
  return places;
}

std::optional<fs::path> home() {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') return std::nullopt;
  return fs::path(home);
}

std::optional<fs::path> configuration_home() {
  const char* configured = std::getenv("XDG_CONFIG_HOME");
  if (configured != nullptr && *configured != '\0') return fs::path(configured);
  const auto at_home = home();
  if (!at_home) return std::nullopt;
  return *at_home / ".config";
}

// A value as git's configuration writes it: quoted or not, with a comment behind it or not.
std::string value_of(std::string_view text) {
  std::string value;
  bool quoted = false;
  std::size_t keep = 0;  // blanks at the end count only inside quotes
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (text[i] == '#' || text[i] == ';')) {
      break;
    } else {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      value += text[i];
    }
    if (quoted || (text[i] != ' ' && text[i] != '\t')) keep = value.size();
  }
  value.resize(keep);
  return value;
}

std::optional<fs::path> excludes_named_in(const fs::path& configuration) {
  const auto text = read_file(configuration);
  if (!text) return std::nullopt;
  std::optional<fs::path> named;
  bool in_core = false;
  for (const auto line : lines_of(*text)) {
    const auto content = trimmed(line);
    if (content.starts_with('[')) {
      in_core = lower_case(content).starts_with("[core]");
      continue;
    }
    const auto equals = content.find('=');
    if (!in_core || equals == std::string_view::npos) continue;
    if (lower_case(trimmed(content.substr(0, equals))) != "excludesfile") continue;
    const auto value = value_of(trimmed(content.substr(equals + 1)));
    if (value.starts_with("~/")) {
      if (const auto at_home = home()) named = *at_home / value.substr(2);
    } else if (value.starts_with('/')) {
      named = value;
    }
  }
  return named;
}

}  // namespace

std::optional<GitPlaces> find_git_places(const fs::path& directory) {
  for (fs::path at = directory;; at = at.parent_path()) {
    if (auto places = places_at(at)) return places;
    if (at == at.parent_path()) return std::nullopt;
  }
}

std::optional<fs::path> find_global_excludes() {
  const auto configured = configuration_home();
  // Git reads both, ~/.gitconfig last: it wins.
  if (const auto at_home = home()) {
    if (auto named = excludes_named_in(*at_home / ".gitconfig")) return named;
  }
  if (!configured) return std::nullopt;
  if (auto named = excludes_named_in(*configured / "git" / "config")) return named;
  return *configured / "git" / "ignore";
}

}  // namespace poltergeist::watch
