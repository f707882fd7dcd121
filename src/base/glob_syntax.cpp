// SPDX-License-Identifier: MIT
#include "base/glob_syntax.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace poltergeist {

namespace {

constexpr std::size_t kLongestPattern = 4096;
constexpr std::size_t kDeepestBraces = 16;

std::size_t index_of(char byte) {
  return static_cast<unsigned char>(byte);
}

struct CharacterClass {
  std::string_view name;
  int (*holds)(int);
};
constexpr auto kClasses = std::to_array<CharacterClass>({
    {"alnum", std::isalnum},
    {"alpha", std::isalpha},
    {"blank", std::isblank},
    {"cntrl", std::iscntrl},
    {"digit", std::isdigit},
    {"graph", std::isgraph},
    {"lower", std::islower},
    {"print", std::isprint},
    {"punct", std::ispunct},
    {"space", std::isspace},
    {"upper", std::isupper},
    {"xdigit", std::isxdigit},
});

// ASCII only, as git has it: what a byte above 0x7f is depends on nothing.
bool add_class(std::string_view name, ByteSet& set) {
  const auto* found = std::find_if(kClasses.begin(), kClasses.end(),
                                   [&](const CharacterClass& c) { return c.name == name; });
  if (found == kClasses.end()) return false;
  for (int byte = 0; byte < 128; ++byte) {
    if (found->holds(byte) != 0) set.set(static_cast<std::size_t>(byte));
  }
  return true;
}

// Of a set that begins at `at`; nothing if none does.
std::optional<std::size_t> end_of_set(std::string_view text, std::size_t at) {
  ByteSet ignored;
  return text[at] == '[' ? read_set(text, at, ignored) : std::nullopt;
}

struct Braces {
  std::size_t open = 0;
  std::size_t close = 0;
  std::vector<std::size_t> commas;
};

// The first braces that enclose a comma of their own.
std::optional<Braces> first_braces(std::string_view text) {
  std::vector<Braces> open;
  std::optional<Braces> first;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (const auto set_end = end_of_set(text, i)) {
      i = *set_end - 1;
    } else if (text[i] == '{') {
      open.push_back({.open = i});
    } else if (text[i] == ',' && !open.empty()) {
      open.back().commas.push_back(i);
    } else if (text[i] == '}' && !open.empty()) {
      open.back().close = i;
      const bool counts = !open.back().commas.empty();
      if (counts && (!first || open.back().open < first->open)) first = open.back();
      open.pop_back();
    }
  }
  return first;
}

// Counts what braces expand to: side by side they multiply, commas add.
class Alternatives {
 public:
  void open() { groups_.emplace_back(); }
  void comma() {
    if (groups_.size() > 1) groups_.back().next();
  }
  void close() {
    if (groups_.size() == 1) return;  // a `}` of its own is a character
    const auto count = groups_.back().total();
    groups_.pop_back();
    groups_.back().current = std::min(kTooMany, groups_.back().current * count);
  }
  [[nodiscard]] std::size_t depth() const { return groups_.size() - 1; }
  [[nodiscard]] std::size_t count() const { return groups_.front().total(); }

 private:
  static constexpr std::size_t kTooMany = kMostGlobAlternatives + 1;  // products must not overflow
  struct Group {
    std::size_t finished = 0;
    std::size_t current = 1;

    [[nodiscard]] std::size_t total() const { return std::min(kTooMany, finished + current); }
    void next() {
      finished = total();
      current = 1;
    }
  };
  std::vector<Group> groups_ = {Group{}};
};

std::optional<std::string> problem_with_syntax(std::string_view pattern) {
  Alternatives alternatives;
  for (std::size_t at = 0; at < pattern.size();) {
    switch (pattern[at]) {
      case '\\':
        if (at + 1 == pattern.size()) {
          return "ends in a backslash: one in a name is written \\\\\\\\";
        }
        at += 2;
        continue;
      case '[': {
        const auto end = end_of_set(pattern, at);
        if (end) {
          at = *end;
          continue;
        }
        const bool has_class = pattern.find(":]", at) != std::string_view::npos;
        return has_class ? "names a class in [ ] that is unknown" : "has a [ without ]";
      }
      case '{':
        alternatives.open();
        if (alternatives.depth() > kDeepestBraces) return "has too many { inside each other";
        break;
      case ',':
        alternatives.comma();
        break;
      case '}':
        alternatives.close();
        break;
      default:
        break;
    }
    ++at;
  }
  if (alternatives.depth() > 0) return "has a { without }";
  if (alternatives.count() > kMostGlobAlternatives) {
    return fmt::format("stands for more than {} patterns", kMostGlobAlternatives);
  }
  return std::nullopt;
}

// Of one alternative.
std::optional<std::string> problem_with_path(std::string_view path) {
  if (path.starts_with('/')) return "is absolute: patterns are relative to the project's root";
  std::size_t parts = path.ends_with('/') ? 1 : 0;  // everything below
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (part == "..") return "leaves the project's root, and nothing there is watched";
    if (!part.empty() && part != ".") ++parts;
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  if (parts <= kMostGlobParts) return std::nullopt;
  return fmt::format("is more than {} directories deep", kMostGlobParts);
}

}  // namespace

std::optional<std::string> problem_with_glob(std::string_view pattern) {
  if (pattern.empty()) return "names nothing";
  if (pattern.size() > kLongestPattern) {
    return fmt::format("is longer than {} characters", kLongestPattern);
  }
  if (pattern.find('\0') != std::string_view::npos) {
    return "holds a zero byte, which no path does";
  }
  const auto plain = with_plain_slashes(pattern);
  if (auto problem = problem_with_syntax(plain)) return problem;
  const auto alternatives = expand_braces(plain);
  if (!alternatives) return alternatives.error().message;
  for (const auto& alternative : *alternatives) {
    if (auto problem = problem_with_path(alternative)) return problem;
  }
  return std::nullopt;
}

Result<std::vector<std::string>> expand_braces(std::string_view text, std::size_t at_most) {
  std::vector<std::string> done;
  std::vector<std::string> waiting{std::string(text)};
  while (!waiting.empty()) {
    const std::string next = std::move(waiting.back());
    waiting.pop_back();
    auto braces = first_braces(next);
    if (!braces) {
      done.push_back(next);
    } else {
      // Backwards onto the stack, so that the results come in the order written.
      braces->commas.push_back(braces->close);
      for (std::size_t i = braces->commas.size(); i-- > 0;) {
        const std::size_t from = (i == 0 ? braces->open : braces->commas[i - 1]) + 1;
        waiting.push_back(next.substr(0, braces->open) +
                          next.substr(from, braces->commas[i] - from) +
                          next.substr(braces->close + 1));
      }
    }
    if (done.size() + waiting.size() > at_most) {
      return fail(Errc::Invalid, "\"{}\": stands for more than {} patterns", text, at_most);
    }
  }
  return done;
}

std::string with_plain_slashes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text[++i] != '/') plain += '\\';
    }
    plain += text[i];
  }
  return plain;
}

std::optional<std::size_t> read_set(std::string_view text, std::size_t start, ByteSet& set) {
  std::size_t at = start + 1;
  const auto byte_at = [&](std::size_t i) { return i < text.size() ? text[i] : '\0'; };
  const bool negated = byte_at(at) == '!' || byte_at(at) == '^';
  if (negated) ++at;
  char previous = '\0';  // none: no pattern holds a zero byte
  do {
    if (at >= text.size()) return std::nullopt;
    char byte = text[at];
    if (byte == '\\') {
      if (++at >= text.size()) return std::nullopt;
      byte = text[at];
      set.set(index_of(byte));
      previous = byte;
    } else if (byte == '-' && previous != '\0' && at + 1 < text.size() && text[at + 1] != ']') {
      byte = text[++at];
      if (byte == '\\') {
        if (++at >= text.size()) return std::nullopt;
        byte = text[at];
      }
      for (std::size_t i = index_of(previous); i <= index_of(byte); ++i) set.set(i);
      previous = '\0';
    } else if (byte == '[' && byte_at(at + 1) == ':') {
      const std::size_t name = at + 2;
      const std::size_t end = text.find(']', name);
      if (end == std::string_view::npos) return std::nullopt;
      if (end > name && text[end - 1] == ':') {
        if (!add_class(text.substr(name, end - 1 - name), set)) return std::nullopt;
        at = end;
        previous = '\0';
      } else {  // no ":]": an ordinary member
        set.set(index_of('['));
        previous = '[';
      }
    } else {
      set.set(index_of(byte));
      previous = byte;
    }
    ++at;
  } while (byte_at(at) != ']');
  if (negated) set.flip();
  set.reset(index_of('/'));
  return at + 1;
}

}  // namespace poltergeist
