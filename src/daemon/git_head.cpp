// SPDX-License-Identifier: MIT
#include "daemon/git_head.h"

#include <optional>

#include "base/text.h"
#include "sys/files.h"

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

// `.git` is a directory, or in a linked worktree or submodule a file that says "gitdir: PATH".
std::optional<fs::path> git_dir_above(fs::path directory) {
  while (true) {
    const auto dot_git = directory / ".git";
    std::error_code error;
    if (fs::is_directory(dot_git, error)) return dot_git;
    if (const auto line = first_line_of(dot_git); line && line->starts_with("gitdir:")) {
      return (directory / std::string(trimmed(line->substr(7)))).lexically_normal();
    }
    if (directory == directory.root_path()) return std::nullopt;
    directory = directory.parent_path();
  }
}

// Where branches live: the repository that a linked worktree belongs to.
fs::path common_dir_of(const fs::path& git_dir) {
  const auto line = first_line_of(git_dir / "commondir");
  return line ? (git_dir / *line).lexically_normal() : git_dir;
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
  const auto git_dir = git_dir_above(root);
  if (!git_dir) return std::string(kUnknown);
  auto commit = first_line_of(*git_dir / "HEAD");
  if (commit && commit->starts_with("ref:")) {
    const std::string reference(trimmed(commit->substr(4)));
    const auto common_dir = common_dir_of(*git_dir);
    commit = first_line_of(common_dir / reference);
    if (!commit) commit = packed(common_dir, reference);
  }
  if (!commit || commit->size() < kShort) return std::string(kUnknown);
  return commit->substr(0, kShort);
}

}  // namespace poltergeist::daemon
