// SPDX-License-Identifier: MIT
#include "cli/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::cli {

namespace {

constexpr std::size_t kUsualColumns = 80;
constexpr std::string_view kStartOfLine = "\r\x1b[K";

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

// The first `columns` characters.
std::string cut_to(std::string text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (seen++ == columns) {
      text.resize(i);
      break;
    }
  }
  return text;
}

void write_all(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string progress_text(const api::ProgressNote& note, std::size_t columns) {
  auto text = fmt::format("{}: {}, {}", note.target, note.phase, format_duration(note.elapsed));
  if (note.percent) {
    text += fmt::format(", {:.0f} %", *note.percent);
  } else if (note.average && note.phase == "building") {
    text += fmt::format(" of about {}", format_duration(*note.average));
  }
  if (!note.label.empty()) text += ", " + note.label;
  text = for_terminal(text);
  std::erase(text, '\n');
  return cut_to(std::move(text), columns);
}

void ProgressLine::show(const api::ProgressNote& note) {
  if (!style_.terminal) return;
  // One column stays free: a full line would wrap on some terminals.
  write_all(std::string(kStartOfLine) + progress_text(note, terminal_columns() - 1));
  drawn_ = true;
}

void ProgressLine::clear() {
  if (drawn_) write_all(kStartOfLine);
  drawn_ = false;
}

}  // namespace poltergeist::cli
