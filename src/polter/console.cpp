// SPDX-License-Identifier: MIT
#include "polter/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"

namespace poltergeist::polter {

std::string_view environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

TextStyle style_for(const std::function<std::string_view(const char*)>& variable) {
  TextStyle style;
  // The first that is set decides, as setlocale(3) has it.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = variable(name);
    if (locale.empty()) continue;
    const auto lower = lower_case(locale);
    style.utf8 =
        lower.find("utf-8") != std::string::npos || lower.find("utf8") != std::string::npos;
    break;
  }
  style.plain = !variable("NO_COLOR").empty();
  return style;
}

TextStyle style_from_environment() {
  return style_for(environment);
}

Console::Console(TextStyle style, bool verbose)
    : style_(style), verbose_(verbose), mark_(style.ornate() ? "👻 [polter] " : "[polter] ") {}

void Console::say(std::string_view text) const {
  std::string lines;
  for (const auto line : lines_of(text)) {
    lines += mark_;
    lines += for_terminal(line);
    lines += '\n';
  }
  write_text(STDERR_FILENO, lines);
}

void Console::step(std::string_view text) const {
  if (verbose_) say(text);
}

void Console::quote(std::string_view text) const {
  std::string lines;
  for (const auto line : lines_of(text)) {
    lines += for_terminal(line);
    lines += '\n';
  }
  write_text(STDERR_FILENO, lines);
}

void write_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace poltergeist::polter
