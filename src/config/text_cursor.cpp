// SPDX-License-Identifier: MIT
#include "config/text_cursor.h"

namespace poltergeist::config {

namespace {

constexpr std::string_view kWhite = " \t\r\n";

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

void TextCursor::step() {
  const char passed = text_[offset_++];
  if (passed == '\n') {
    ++line_;
    column_ = 1;
  } else if (!continues_a_character(passed)) {
    ++column_;
  }
}

void TextCursor::step(std::size_t bytes) {
  for (; bytes > 0; --bytes) step();
}

void TextCursor::advance_to(std::size_t offset) {
  while (offset_ < offset) step();
}

Blanks TextCursor::skip_blanks() {
  while (true) {
    while (!at_end() && kWhite.find(peek()) != std::string_view::npos) step();
    if (peek() != '/') return Blanks::Skipped;
    const auto ahead = rest();
    if (ahead.starts_with("//")) {
      // The end of the line itself is white space. A carriage return ends a line here because it
      // does for the parser.
      const auto end = ahead.find_first_of("\r\n");
      step(end == std::string_view::npos ? ahead.size() : end);
    } else if (ahead.starts_with("/*")) {
      const auto end = ahead.find("*/", 2);
      if (end == std::string_view::npos) return Blanks::BrokenComment;
      step(end + 2);
    } else {
      return Blanks::BrokenComment;
    }
  }
}

}  // namespace poltergeist::config
