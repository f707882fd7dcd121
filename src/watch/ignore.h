// SPDX-License-Identifier: MIT
// The rules of one ignore file, with git's semantics: the last that matches speaks; `!` takes back;
// a slash in front or in the middle anchors; a slash at the end means directories; `**`; escapes.
// Nothing is matched through its parents here: whoever walks asks at each directory first.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "watch/pattern.h"

namespace poltergeist::watch {

struct IgnoreRule {
  std::string pattern;  // as written
  std::string source;   // the file, or the place in the configuration
  int line = 0;         // from 1; 0: not from a file
  std::string reason;   // of a configured rule; else empty
  bool takes_back = false;
};

class IgnoreFile {
 public:
  // `base`: the directory that the rules are relative to, and that every path asked for is below.
  explicit IgnoreFile(RelPath base) : base_(std::move(base)) {}
  // A line that means nothing to git means nothing here. `source` is what messages call the file.
  [[nodiscard]] static IgnoreFile parse(std::string_view text, RelPath base,
                                        const std::string& source);

  // One more rule, its pattern in an ignore file's syntax. False if it can never match.
  bool add(IgnoreRule rule);

  enum class Entry { File, Directory };
  // The rule that speaks about `path`; nullptr if none does. `name` is its last part.
  [[nodiscard]] const IgnoreRule* speaks_on(std::string_view path, std::string_view name,
                                            Entry entry) const;

  [[nodiscard]] bool empty() const { return rules_.empty(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const;
  };
  using Numbers = std::vector<std::uint32_t>;  // of rules, ascending
  using Index = std::unordered_map<std::string, Numbers, TextHash, std::equal_to<>>;

  struct Compiled {
    IgnoreRule rule;
    bool directories_only = false;
    std::optional<NamePattern> name;  // of rules without a slash; else the two below
    std::string literal_start;        // rejects most paths at once
    std::vector<Pattern> paths;
  };
  [[nodiscard]] bool matches(const Compiled& rule, std::string_view path, std::string_view name,
                             Entry entry) const;

  RelPath base_;
  std::vector<Compiled> rules_;
  // Most rules are a plain name or "*.ending": found by hash, so that a long list costs little.
  Index by_name_;
  Index by_ending_;  // ".o": from the last dot
  Numbers others_;
};

}  // namespace poltergeist::watch
