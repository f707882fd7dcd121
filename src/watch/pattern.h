// SPDX-License-Identifier: MIT
// One wildcard pattern over a path, compiled: the engine below globs and ignore rules. It runs as a
// set of states over the parts of a path, so it never backtracks over parts, and can be asked in
// the middle of a path whether anything below could still match.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob_syntax.h"
#include "base/result.h"

namespace poltergeist::watch {

enum class Hidden {
  MustBeNamed,  // a leading dot is matched by a literal dot only
  Matched       // a dot is a character like any other
};

// One part of a path against one part of a pattern.
class NamePattern {
 public:
  // `*`, `?`, sets with ranges and [:classes:], `\`. Errc::Invalid for a set or an escape that does
  // not end.
  [[nodiscard]] static Result<NamePattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view name, Hidden hidden) const;
  // Without wildcards: the name itself.
  [[nodiscard]] bool is_literal() const { return kind_ == Kind::Literal; }
  // `*` followed by literal text only.
  [[nodiscard]] bool is_suffix() const { return kind_ == Kind::Suffix; }
  [[nodiscard]] const std::string& literal() const { return literal_; }

 private:
  enum class Kind { Literal, Suffix, Tokens };
  struct Token {
    enum class Kind : std::uint8_t { Byte, Any, Star, Set } kind = Kind::Byte;
    char byte = 0;
    std::uint16_t set = 0;
  };
  [[nodiscard]] bool tokens_match(std::string_view name) const;
  [[nodiscard]] bool token_matches(const Token& token, char byte) const;

  Kind kind_ = Kind::Literal;
  std::string literal_;
  std::vector<Token> tokens_;
  std::vector<ByteSet> sets_;
};

class Pattern {
 public:
  // Bit i: the first i parts are matched; the last bit: the whole pattern is.
  using States = std::uint64_t;
  // More than a glob may have: rules of ignore files are rewritten into longer ones.
  static constexpr std::size_t kMostParts = kMostGlobParts + 2;

  // Slashes separate parts; a part `**` is any number of directories, a last one at least one name.
  // Errc::Invalid as NamePattern says, or for too many parts.
  [[nodiscard]] static Result<Pattern> parse(std::string_view text, Hidden hidden);
  // What matches so far is meant with everything below it.
  void add_everything_below();

  [[nodiscard]] States start() const { return closure(1); }
  [[nodiscard]] States step(States states, std::string_view name) const;
  [[nodiscard]] bool accepts(States states) const;
  // Every path below matches, hidden ones too.
  [[nodiscard]] bool accepts_all_below(States states) const;
  // Some path below may match.
  [[nodiscard]] bool goes_on(States states) const;
  // `path` is split at its slashes.
  [[nodiscard]] bool matches(std::string_view path) const;

  // The parts before the first with a wildcard, joined by slashes; the whole pattern if there is
  // none.
  [[nodiscard]] std::string literal_start() const;
  [[nodiscard]] bool is_literal() const;

 private:
  struct Part {
    enum class Kind { Name, Directories, Below } kind = Kind::Name;
    NamePattern name;
  };
  [[nodiscard]] States closure(States states) const;

  Hidden hidden_ = Hidden::MustBeNamed;
  bool itself_too_ = false;  // the last part, Below, may match nothing
  std::vector<Part> parts_;
};

}  // namespace poltergeist::watch
