// SPDX-License-Identifier: MIT
// A place in a text that moves forward and always knows its line and column.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/project.h"

namespace poltergeist::config {

// What may stand between the tokens of a JSON text with comments.
enum class Blanks { Skipped, BrokenComment };

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) {}

  [[nodiscard]] Place place() const { return {line_, column_}; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] bool at_end() const { return offset_ == text_.size(); }
  // The next character; NUL at the end.
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[offset_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(offset_); }

  void step();
  void step(std::size_t bytes);
  // To a byte offset that is not behind us.
  void advance_to(std::size_t offset);
  // Over white space and comments. A comment without an end, or a lone slash, is where it stops.
  Blanks skip_blanks();

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace poltergeist::config
