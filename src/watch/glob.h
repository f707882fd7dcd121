// SPDX-License-Identifier: MIT
// A pattern of `watchPaths`: which files below the root it means. Bytes, not characters.
//
//   *  ?  [a-z]  [!a-z]   within one name        \x  the character x itself
//   **                    any number of directories, as a whole part of the pattern
//   {a,b}                 alternatives, nested, at most 1024 in all; not in a set
//   src                   no wildcard: the file, or everything below the directory
//   src/                  the same as src/**
//
// A name that begins with a dot is matched only by a part that begins with that dot, unless the
// pattern was parsed with Hidden::Matched. Matching takes time proportional to pattern times path,
// whatever either looks like.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "base/result.h"
#include "watch/pattern.h"

namespace poltergeist::watch {

class Glob {
 public:
  // Errc::Invalid for what problem_with_glob() names, and for nothing else.
  [[nodiscard]] static Result<Glob> parse(std::string_view text,
                                          Hidden hidden = Hidden::MustBeNamed);

  [[nodiscard]] bool matches(const RelPath& path) const;

  // How far each alternative got on the way to a directory, in a place of the caller's for size()
  // of them: what is needed to match the names in it one by one, and to know whether to go there at
  // all.
  using Progress = std::span<const Pattern::States>;
  [[nodiscard]] std::size_t size() const { return alternatives_.size(); }
  void start(std::span<Pattern::States> progress) const;
  void enter(std::span<Pattern::States> progress, std::string_view name) const;
  [[nodiscard]] bool matches_in(Progress at, std::string_view name) const;
  // Something below a directory with this progress may match.
  [[nodiscard]] bool may_match_below(Progress at) const;
  // Everything below matches.
  [[nodiscard]] bool covers_all_below(Progress at) const;

  // The path that a pattern without any wildcard stands for.
  [[nodiscard]] const std::optional<RelPath>& literal() const { return literal_; }
  // The directory above which nothing can match: the longest common start without a wildcard.
  [[nodiscard]] const RelPath& literal_prefix() const { return prefix_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<Pattern> alternatives_;
  std::optional<RelPath> literal_;
  RelPath prefix_;
};

}  // namespace poltergeist::watch
