// SPDX-License-Identifier: MIT
// What polter says, on stderr: whole lines, each with our mark in front, so that nobody takes them
// for the program's. A stderr that is closed or gone is no reason to fail.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace poltergeist::polter {

// What the environment says about the terminal's abilities.
struct TextStyle {
  bool utf8 = false;
  bool plain = false;  // NO_COLOR: no ornament either

  [[nodiscard]] bool ornate() const { return utf8 && !plain; }
};
// `variable` gives the value of an environment variable, empty for none.
[[nodiscard]] TextStyle style_for(const std::function<std::string_view(const char*)>& variable);
[[nodiscard]] TextStyle style_from_environment();

// A variable of our environment; empty if it is not set.
[[nodiscard]] std::string_view environment(const char* name);

class Console {
 public:
  Console(TextStyle style, bool verbose);

  // "👻 [polter] <text>"; the text may hold several lines, each gets the mark.
  void say(std::string_view text) const;
  // The same, with --verbose only.
  void step(std::string_view text) const;
  // Somebody else's text (a compiler's, a program's) without a mark, safe for a terminal.
  void quote(std::string_view text) const;

  [[nodiscard]] const TextStyle& style() const { return style_; }
  [[nodiscard]] bool verbose() const { return verbose_; }

 private:
  TextStyle style_;
  bool verbose_;
  std::string mark_;
};

// Writes all of it to the descriptor, or as much as it takes.
void write_text(int fd, std::string_view text);

}  // namespace poltergeist::polter
