// SPDX-License-Identifier: MIT
#include "config/syntax_error.h"

#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::config {

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$";
constexpr std::string_view kInNumber = "0123456789+-.eE";

Problem at(Place place, std::string message) {
  return {place.line, place.column, std::move(message)};
}

char closing(char bracket) {
  return bracket == '{' ? '}' : ']';
}

Problem broken_comment(const TextCursor& cursor) {
  return at(cursor.place(), cursor.rest().starts_with("/*")
                                ? "this comment is never closed: end it with */"
                                : "a comment begins with // or /*, not with a single slash");
}

Problem text_ends(const TextCursor& cursor, const Progress& progress) {
  if (!progress.innermost) {
    return at(cursor.place(), "the file holds no configuration: it begins with {");
  }
  const auto [bracket, opened] = *progress.innermost;
  return at(cursor.place(), fmt::format("the file ends here, but the '{}' of line {} is not closed",
                                        bracket, opened.line));
}

// The parser read up to and including the byte that it did not like.
Problem broken_string(TextCursor cursor, std::size_t stopped) {
  const auto begin = cursor;
  const std::size_t offset_of_quote = cursor.offset();
  const auto bad = cursor.rest().substr(0, stopped - offset_of_quote);
  if (bad.size() < 2 || stopped > cursor.offset() + cursor.rest().size()) {
    return at(begin.place(), "this string is never closed: a \" is missing");
  }
  const char culprit = bad.back();
  const auto backslash = bad.rfind('\\');
  if (culprit == '\n' || culprit == '\r') {
    return at(begin.place(), "this string is not closed in its line: a \" is missing");
  }
  if (static_cast<unsigned char>(culprit) < 0x20) {
    cursor.advance_to(stopped - 1);
    return at(cursor.place(),
              fmt::format("a control character stands in a string as \\u{:04x}",
                          static_cast<unsigned>(static_cast<unsigned char>(culprit))));
  }
  if (backslash != std::string_view::npos && bad.size() - backslash <= 13) {
    cursor.step(backslash);
    return at(cursor.place(),
              "this is no escape sequence: a backslash is written \\\\, a character by its number "
              "\\u0041");
  }
  return at(begin.place(), "this string is never closed: a \" is missing");
}

Problem broken_number(const TextCursor& cursor) {
  const auto rest = cursor.rest();
  const auto number = rest.substr(0, rest.find_first_not_of(kInNumber));
  const auto last = number.find_last_of("0123456789");
  const bool whole = last + 1 == number.size();
  return at(cursor.place(), whole ? fmt::format("the number {} is too large", number.substr(0, 40))
                                  : "this is no number: write it as in 12, -3 or 0.5");
}

Problem broken_word(const TextCursor& cursor) {
  const auto rest = cursor.rest();
  const auto word = rest.substr(0, std::min<std::size_t>(40, rest.find_first_not_of(kLetters)));
  return at(cursor.place(), fmt::format("\"{}\" is no value: text stands in double quotes{}", word,
                                        did_you_mean(word, {"true", "false", "null"})));
}

Problem broken_value(TextCursor cursor, const Progress& progress, std::size_t stopped) {
  if (cursor.at_end()) return text_ends(cursor, progress);
  const char first = cursor.peek();
  if (first == '"') return broken_string(cursor, stopped);
  if (first == '-' || (first >= '0' && first <= '9')) return broken_number(cursor);
  if (first == '\'') return at(cursor.place(), "text stands in double quotes, not in single ones");
  if (first == ',' || first == ']' || first == '}') {
    return at(cursor.place(), fmt::format("a value is missing before this '{}'", first));
  }
  if (kLetters.find(first) != std::string_view::npos) return broken_word(cursor);
  return at(cursor.place(),
            "expected a value: text in double quotes, a number, true, false, null, [ or {");
}

Problem broken_key(TextCursor cursor, const Progress& progress, std::size_t stopped) {
  if (cursor.at_end()) return text_ends(cursor, progress);
  if (cursor.peek() == '"') return broken_string(cursor, stopped);
  if (cursor.peek() == ',') return at(cursor.place(), "a key is missing before this ','");
  if (cursor.peek() == ']') {
    return at(cursor.place(), fmt::format("expected '}}' to close the '{{' of line {}, not ']'",
                                          progress.innermost->place.line));
  }
  return at(cursor.place(), "expected a key in double quotes");
}

Problem behind_value(TextCursor cursor, const Progress& progress, std::size_t stopped) {
  const Place behind = cursor.place();
  if (cursor.skip_blanks() == Blanks::BrokenComment) return broken_comment(cursor);
  if (!progress.innermost) {
    return at(cursor.place(), "nothing may follow the end of the configuration");
  }
  if (cursor.at_end()) return text_ends(cursor, progress);
  const char close = closing(progress.innermost->bracket);
  if (cursor.peek() == ',') {
    const Place comma = cursor.place();
    cursor.step();
    if (cursor.skip_blanks() == Blanks::BrokenComment) return broken_comment(cursor);
    if (cursor.peek() == close) {
      return at(comma, fmt::format("no comma may stand before the closing '{}'", close));
    }
    return close == '}' ? broken_key(cursor, progress, stopped)
                        : broken_value(cursor, progress, stopped);
  }
  if (cursor.peek() == '}' || cursor.peek() == ']') {
    return at(cursor.place(), fmt::format("expected '{}' to close the '{}' of line {}, not '{}'",
                                          close, progress.innermost->bracket,
                                          progress.innermost->place.line, cursor.peek()));
  }
  return at(behind, fmt::format("expected ',' or '{}' after this value", close));
}

Problem behind_key(TextCursor cursor, const Progress& progress, std::size_t stopped) {
  const Place behind = cursor.place();
  if (cursor.skip_blanks() == Blanks::BrokenComment) return broken_comment(cursor);
  if (cursor.at_end()) return text_ends(cursor, progress);
  if (cursor.peek() != ':') return at(behind, "expected ':' and a value after this key");
  cursor.step();
  if (cursor.skip_blanks() == Blanks::BrokenComment) return broken_comment(cursor);
  return broken_value(cursor, progress, stopped);
}

}  // namespace

Problem explain_syntax_error(TextCursor behind_last, const Progress& progress,
                             std::size_t stopped) {
  if (progress.last == Progress::Last::Value) return behind_value(behind_last, progress, stopped);
  if (progress.last == Progress::Last::Key) return behind_key(behind_last, progress, stopped);
  if (behind_last.skip_blanks() == Blanks::BrokenComment) return broken_comment(behind_last);
  const bool in_object = progress.innermost && progress.innermost->bracket == '{';
  return in_object ? broken_key(behind_last, progress, stopped)
                   : broken_value(behind_last, progress, stopped);
}

}  // namespace poltergeist::config
