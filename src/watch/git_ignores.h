// SPDX-License-Identifier: MIT
// All ignore files that git would read for a tree, and `.ignore` files beside them. First to speak:
// .ignore, nearest directory first; .gitignore, likewise, up to the working tree's root;
// .git/info/exclude; the user's global excludes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "watch/git_places.h"
#include "watch/ignore.h"

namespace poltergeist::watch {

class GitIgnores {
 public:
  // `places`: of the repository that `root` lies in; nothing: ignore files count from `root` on.
  // Reads the files above the root and the two that belong to no directory.
  GitIgnores(std::filesystem::path root, std::optional<GitPlaces> places,
             std::filesystem::path global_excludes);

  [[nodiscard]] static bool is_ignore_file(std::string_view name) {
    return name == ".gitignore" || name == ".ignore";
  }
  // Reads the ignore files of a directory anew; true if their text is another than before.
  bool load(const RelPath& directory);
  // An ignore file of this directory is loaded.
  [[nodiscard]] bool knows(const RelPath& directory) const;
  // An ignore file that is loaded is gone or empty now: it is probably being saved.
  [[nodiscard]] bool is_in_a_gap(const RelPath& directory) const;
  // Those outside of the root anew; true if any is another than before.
  bool load_outside();
  // The directory and all below it are gone or hidden.
  void forget(const RelPath& directory);

  // Directories outside of the root that hold ignore files, and the names in question.
  struct Outside {
    std::filesystem::path directory;
    std::vector<std::string> names;
  };
  [[nodiscard]] std::vector<Outside> outside() const;

  // The files that have a say in a directory, first to speak first. Valid until a load or forget.
  using Chain = std::vector<const IgnoreFile*>;
  [[nodiscard]] Chain chain(const RelPath& directory) const;
  // `path` is below the root, `name` its last part.
  [[nodiscard]] const IgnoreRule* speaks_on(const Chain& chain, std::string_view path,
                                            std::string_view name, IgnoreFile::Entry entry) const;

 private:
  struct Loaded {
    std::string text;
    IgnoreFile rules{RelPath()};
  };
  struct Pair {
    std::optional<Loaded> ignore;
    std::optional<Loaded> gitignore;
  };
  bool load_pair(const RelPath& below_top);
  bool load_one(std::optional<Loaded>& slot, const std::filesystem::path& file, const RelPath& base,
                const std::string& source);

  std::filesystem::path top_;  // the working tree's root, at or above the project's
  RelPath inside_;             // the project's root below it
  std::filesystem::path info_exclude_;
  std::filesystem::path global_excludes_;
  std::unordered_map<RelPath, Pair> pairs_;  // by directory below top; only those that have any
  std::optional<Loaded> info_;
  std::optional<Loaded> global_;
};

}  // namespace poltergeist::watch
