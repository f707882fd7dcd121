// SPDX-License-Identifier: MIT
#include "watch/pattern.h"

#include <algorithm>
#include <optional>

namespace poltergeist::watch {

namespace {

constexpr std::uint64_t bit(std::size_t number) {
  return std::uint64_t{1} << number;
}

std::size_t index_of(char byte) {
  return static_cast<unsigned char>(byte);
}

struct PartEnd {
  std::size_t end;
  std::size_t next;  // where the next part starts; beyond the text if there is none
};

// Where the part that starts at `start` ends: at the next slash, escaped or not, that is not inside
// a set.
Result<PartEnd> part_end(std::string_view text, std::size_t start) {
  std::size_t at = start;
  while (at < text.size()) {
    if (text[at] == '/') return PartEnd{at, at + 1};
    if (text.substr(at).starts_with("\\/")) return PartEnd{at, at + 2};
    if (text[at] == '[') {
      ByteSet ignored;
      const auto end = read_set(text, at, ignored);
      if (!end) return fail(Errc::Invalid, "\"{}\": the set that begins with [ is not valid", text);
      at = *end;
    } else {
      at += text[at] == '\\' ? 2 : 1;
    }
  }
  return PartEnd{text.size(), text.size() + 1};
}

bool is_double_star(std::string_view part) {
  return part.size() >= 2 && part.find_first_not_of('*') == std::string_view::npos;
}

}  // namespace

Result<NamePattern> NamePattern::parse(std::string_view text) {
  NamePattern pattern;
  bool only_bytes = true;
  for (std::size_t at = 0; at < text.size();) {
    Token token;
    switch (text[at]) {
      case '*':
        token.kind = Token::Kind::Star;
        at = std::min(text.find_first_not_of('*', at), text.size());
        break;
      case '?':
        token.kind = Token::Kind::Any;
        ++at;
        break;
      case '[': {
        ByteSet set;
        const auto end = read_set(text, at, set);
        if (!end) {
          return fail(Errc::Invalid, "\"{}\": the set that begins with [ is not valid", text);
        }
        token.kind = Token::Kind::Set;
        token.set = static_cast<std::uint16_t>(pattern.sets_.size());
        pattern.sets_.push_back(set);
        at = *end;
        break;
      }
      case '\\':
        if (++at >= text.size()) {
          return fail(Errc::Invalid, "\"{}\": nothing stands behind the last \\", text);
        }
        [[fallthrough]];
      default:
        token.byte = text[at++];
        pattern.literal_ += token.byte;
    }
    only_bytes = only_bytes && token.kind == Token::Kind::Byte;
    pattern.tokens_.push_back(token);
  }
  const bool suffix = pattern.tokens_.size() == pattern.literal_.size() + 1 &&
                      pattern.tokens_.front().kind == Token::Kind::Star;
  pattern.kind_ = only_bytes ? Kind::Literal : suffix ? Kind::Suffix : Kind::Tokens;
  if (pattern.kind_ == Kind::Tokens) {
    pattern.literal_.clear();
  } else {
    pattern.tokens_ = {};
  }
  return pattern;
}

bool NamePattern::matches(std::string_view name, Hidden hidden) const {
  switch (kind_) {
    case Kind::Literal:
      return name == literal_;
    case Kind::Suffix:
      if (hidden == Hidden::MustBeNamed && name.starts_with('.')) return false;
      return name.ends_with(literal_);
    case Kind::Tokens:
      break;
  }
  const auto& first = tokens_.front();
  if (first.kind == Token::Kind::Byte) {
    if (!name.starts_with(first.byte)) return false;
  } else if (hidden == Hidden::MustBeNamed && name.starts_with('.')) {
    return false;
  }
  return tokens_match(name);
}

bool NamePattern::token_matches(const Token& token, char byte) const {
  switch (token.kind) {
    case Token::Kind::Byte:
      return token.byte == byte;
    case Token::Kind::Any:
      return true;
    case Token::Kind::Set:
      return sets_[token.set].test(index_of(byte));
    case Token::Kind::Star:
      break;
  }
  return false;
}

// Only the last star seen may have to take more: what an earlier one takes, a later one can take as
// well. So this is at most pattern times name.
bool NamePattern::tokens_match(std::string_view name) const {
  // What stands behind the last star must end the name: this rejects most names at once.
  std::size_t tail = 0;
  while (tail < tokens_.size() && tokens_[tokens_.size() - 1 - tail].kind != Token::Kind::Star) {
    if (tail == name.size()) return false;
    if (!token_matches(tokens_[tokens_.size() - 1 - tail], name[name.size() - 1 - tail])) {
      return false;
    }
    ++tail;
  }
  std::size_t token = 0;
  std::size_t at = 0;
  std::optional<std::size_t> star;
  std::size_t star_took_to = 0;
  while (at < name.size()) {
    if (token < tokens_.size() && tokens_[token].kind == Token::Kind::Star) {
      star = token++;
      star_took_to = at;
    } else if (token < tokens_.size() && token_matches(tokens_[token], name[at])) {
      ++token;
      ++at;
    } else if (star) {
      token = *star + 1;
      at = ++star_took_to;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token].kind == Token::Kind::Star) ++token;
  return token == tokens_.size();
}

Result<Pattern> Pattern::parse(std::string_view text, Hidden hidden) {
  Pattern pattern;
  pattern.hidden_ = hidden;
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = part_end(text, start);
    if (!end) return fail(end.error());
    const auto part = text.substr(start, end->end - start);
    const bool last = end->next > text.size();
    start = end->next;
    if (pattern.parts_.size() == kMostParts) {
      return fail(Errc::Invalid, "\"{}\": more than {} directories deep", text, kMostParts);
    }
    Part compiled;
    if (is_double_star(part)) {
      compiled.kind = last ? Part::Kind::Below : Part::Kind::Directories;
    } else {
      auto name = NamePattern::parse(part);
      if (!name) return fail(name.error());
      compiled.name = std::move(*name);
    }
    pattern.parts_.push_back(std::move(compiled));
    if (last) break;
  }
  return pattern;
}

void Pattern::add_everything_below() {
  parts_.push_back({.kind = Part::Kind::Below, .name = {}});
  itself_too_ = true;
}

Pattern::States Pattern::closure(States states) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if ((states & bit(i)) != 0 && parts_[i].kind == Part::Kind::Directories) states |= bit(i + 1);
  }
  return states;
}

Pattern::States Pattern::step(States states, std::string_view name) const {
  const bool wild = hidden_ == Hidden::Matched || !name.starts_with('.');
  const std::size_t count = parts_.size();
  States next = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((states & bit(i)) == 0) continue;
    switch (parts_[i].kind) {
      case Part::Kind::Name:
        if (parts_[i].name.matches(name, hidden_)) next |= bit(i + 1);
        break;
      case Part::Kind::Directories:
        if (wild) next |= bit(i);
        break;
      case Part::Kind::Below:
        if (wild) next |= bit(i + 1);
        break;
    }
  }
  if (wild && (states & bit(count)) != 0 && parts_.back().kind == Part::Kind::Below) {
    next |= bit(count);
  }
  return next == 0 ? 0 : closure(next);
}

bool Pattern::accepts(States states) const {
  const std::size_t count = parts_.size();
  return (states & bit(count)) != 0 || (itself_too_ && (states & bit(count - 1)) != 0);
}

bool Pattern::goes_on(States states) const {
  const std::size_t count = parts_.size();
  if ((states & (bit(count) - 1)) != 0) return true;
  return (states & bit(count)) != 0 && parts_.back().kind == Part::Kind::Below;
}

bool Pattern::accepts_all_below(States states) const {
  if (hidden_ == Hidden::MustBeNamed || parts_.back().kind != Part::Kind::Below) return false;
  const std::size_t count = parts_.size();
  return (states & (bit(count) | bit(count - 1))) != 0;
}

bool Pattern::matches(std::string_view path) const {
  States states = start();
  while (states != 0) {
    const auto slash = path.find('/');
    states = step(states, path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return accepts(states);
}

std::string Pattern::literal_start() const {
  std::string start;
  for (const auto& part : parts_) {
    if (part.kind != Part::Kind::Name || !part.name.is_literal()) break;
    if (!start.empty()) start += '/';
    start += part.name.literal();
  }
  return start;
}

bool Pattern::is_literal() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) {
    return part.kind == Part::Kind::Name && part.name.is_literal();
  });
}

}  // namespace poltergeist::watch
