// SPDX-License-Identifier: MIT
// What counts. For each path the first of these that speaks decides:
//
//   1. an entry of `watchPaths` without wildcard that is this very file: counts, for that target
//   2. never: .git, .poltergeist, every target's outputs, our own state and logs
//   3. the configuration: watcher.rules (the last that matches), then excludeDirs
//   4. git's ignore files and .ignore (watch/git_ignores.h)
//   5. the default exclusions
//
// A directory that is ignored hides all below it; it is entered only on the way to a file of 1.
// Pure but for GitIgnores, which reads files when it is told to.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/enum_names.h"
#include "base/paths.h"
#include "base/result.h"
#include "watch/git_ignores.h"
#include "watch/ignore.h"
#include "watch/options.h"
#include "watch/selection.h"
#include "watch/target_set.h"

namespace poltergeist::watch {

// Who has the word on a path, first to last.
enum class Authority { Never, Configuration, Git, Defaults, Boundary };
inline constexpr auto kAuthorities = std::to_array<EnumName<Authority>>({
    {Authority::Never, "never"},
    {Authority::Configuration, "configuration"},
    {Authority::Git, "git"},
    {Authority::Defaults, "defaults"},
    {Authority::Boundary, "boundary"},
});

// The rule that keeps a path out.
struct IgnoredBy {
  Authority authority = Authority::Never;
  RelPath path;         // the path itself, or the directory above it that is ignored
  std::string source;   // ".gitignore", "sub/.ignore", a place in the configuration
  int line = 0;         // 0: not from a line
  std::string pattern;  // as written
  std::string reason;   // in words, where there is more to say

  friend bool operator==(const IgnoredBy&, const IgnoredBy&) = default;
};

class Rules {
 public:
  // Errc::Invalid with the target's name for a pattern that cannot be.
  [[nodiscard]] static Result<Rules> compile(const std::filesystem::path& root,
                                             const Options& options);

  // How a directory is to be treated.
  enum class Access {
    None,     // not at all: nothing below it counts
    Passage,  // ignored, but on the way to files that a target names
    Full
  };

  // The view from one directory: answers for the names in it. Valid until the ignore files change.
  class Within {
   public:
    // The targets that the file counts for.
    [[nodiscard]] TargetSet claims(std::string_view file) const;
    [[nodiscard]] Access access(std::string_view directory) const;
    [[nodiscard]] std::optional<IgnoredBy> ignored(std::string_view name,
                                                   IgnoreFile::Entry entry) const;

   private:
    friend class Rules;
    explicit Within(const Rules& rules) : rules_(&rules) {}
    // The path of a name here; valid until the next call.
    [[nodiscard]] std::string_view path_of(std::string_view name) const;

    const Rules* rules_;
    RelPath directory_;
    mutable std::string path_;  // begins with the directory and its slash
    std::size_t path_start_ = 0;
    std::vector<Selection::Within> selections_;
    GitIgnores::Chain chain_;
    const std::vector<std::string>* never_ = nullptr;
    const std::vector<std::pair<std::string, TargetSet>>* exact_ = nullptr;
  };
  [[nodiscard]] Within within(const RelPath& directory, Access access) const;

  // An entry of watchPaths says in plain words to go into this directory, or below it.
  [[nodiscard]] bool leads_into(const RelPath& directory) const;
  // Git's word alone, of a path whose parents are not ignored.
  [[nodiscard]] const IgnoreRule* git_speaks_on(const RelPath& path, IgnoreFile::Entry entry) const;

  [[nodiscard]] const std::vector<Selection>& selections() const { return selections_; }
  // nullptr if git's rules are switched off.
  [[nodiscard]] GitIgnores* git() { return git_ ? &*git_ : nullptr; }
  [[nodiscard]] const GitIgnores* git() const { return git_ ? &*git_ : nullptr; }

 private:
  struct Word {
    Authority authority;
    const IgnoreRule* rule;  // nullptr for Never
  };
  [[nodiscard]] std::optional<Word> decide(const Within& within, std::string_view path,
                                           std::string_view name, IgnoreFile::Entry entry) const;
  Result<void> compile_selections(const Options& options);
  Result<void> compile_configured(const Options& options);
  void never(const std::filesystem::path& root, const std::filesystem::path& path);

  std::vector<Selection> selections_;
  IgnoreFile configured_{RelPath()};
  IgnoreFile defaults_{RelPath()};
  std::optional<GitIgnores> git_;
  // By directory: the names in it that are never watched, and those that targets name exactly.
  std::unordered_map<RelPath, std::vector<std::string>> never_;
  std::unordered_map<RelPath, std::vector<std::pair<std::string, TargetSet>>> exact_;
  std::unordered_set<RelPath> passages_;  // every directory above a file of exact_
};

}  // namespace poltergeist::watch
