// SPDX-License-Identifier: MIT
// The rules of one ignore file, with git's semantics: the last that matches speaks; `!` takes back;
// a slash in front or in the middle anchors; a slash at the end means directories; `**`; escapes.
// Nothing is matched through its parents here: whoever walks asks at each directory first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "watch/pattern.h"

namespace poltergeist::watch {

struct IgnoreRule {
  std::string pattern;  // as written
  int line = 0;         // from 1
  bool takes_back = false;
  std::string reason;  // rules of the configuration: why; else empty
};

class IgnoreFile {
 public:
  // `base`: the directory that the rules are relative to. `source` is what messages call the file.
  IgnoreFile(RelPath base, std::string source)
      : base_(std::move(base)), source_(std::move(source)) {}
  // A line that means nothing to git means nothing here.
  [[nodiscard]] static IgnoreFile parse(std::string_view text, RelPath base, std::string source);

  // One more rule, in an ignore file's syntax; false if it can never match.
  bool add(std::string_view text, int line, std::string reason = {});

  enum class Entry { File, Directory };
  // The rule that speaks about `path`, which is below base; nullptr if none does. `name` is the
  // last part of it.
  [[nodiscard]] const IgnoreRule* speaks_on(std::string_view path, std::string_view name,
                                            Entry entry) const;

  [[nodiscard]] const RelPath& base() const { return base_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] bool empty() const { return rules_.empty(); }

 private:
  struct Compiled {
    std::uint32_t rule = 0;
    bool directories_only = false;
    bool anchored = false;      // by the path below base, else by the name
    std::string literal_start;  // anchored: to reject quickly
    NamePattern name;
    Pattern path;
  };
  using Numbers = std::vector<std::uint32_t>;  // into compiled_, ascending

  RelPath base_;
  std::string source_;
  std::vector<IgnoreRule> rules_;
  std::vector<Compiled> compiled_;
  // Most rules are a plain name or "*.ending": found by hash, so that a long list costs nothing.
  std::unordered_map<std::string, Numbers> by_name_;
  std::unordered_map<std::string, Numbers> by_ending_;  // ".o", from the last dot
  Numbers others_;
};

}  // namespace poltergeist::watch
