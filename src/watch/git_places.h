// SPDX-License-Identifier: MIT
// Where git keeps what concerns a directory, found by reading files: no git process is started, and
// no lock of git's is touched.
#pragma once

#include <filesystem>
#include <optional>

namespace poltergeist::watch {

struct GitPlaces {
  std::filesystem::path top;     // the working tree's root: the directory or one above it
  std::filesystem::path own;     // this working tree's git directory: HEAD, index, index.lock
  std::filesystem::path common;  // the repository's: info/exclude; the same unless linked

  friend bool operator==(const GitPlaces&, const GitPlaces&) = default;
};

// Nothing outside of a repository. `directory` is absolute.
[[nodiscard]] std::optional<GitPlaces> find_git_places(const std::filesystem::path& directory);

// core.excludesFile of the user's git configuration, else $XDG_CONFIG_HOME/git/ignore. The file
// need not exist; nothing without a home. Included configurations are not read.
[[nodiscard]] std::optional<std::filesystem::path> find_global_excludes();

}  // namespace poltergeist::watch
