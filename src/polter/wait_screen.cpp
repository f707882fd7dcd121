// SPDX-License-Identifier: MIT
#include "polter/wait_screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::polter {

namespace {

constexpr auto kSpinner =
    std::to_array<std::string_view>({"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"});
constexpr auto kPlainSpinner = std::to_array<std::string_view>({"|", "/", "-", "\\"});
constexpr int kBarWidth = 20;
constexpr int kColumnsForBar = 60;
constexpr int kColumnsForLabel = 40;
// An estimate never says that it is done.
constexpr double kMostEstimated = 99.0;

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 1;  // in bytes
};

// The text is valid UTF-8 (for_terminal): the lead byte says it all.
CodePoint first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return {0xFFFD, text.size()};
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) value = (value << 6U) | (byte(i) & 0x3FU);
  return {value, length};
}

struct Range {
  char32_t first;
  char32_t last;
};
// Unicode's East Asian Wide and Fullwidth blocks, with the emoji; coarse, and rather too wide.
constexpr auto kWide = std::to_array<Range>({{0x1100, 0x115F},
                                             {0x2E80, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0xFFE0, 0xFFE6},
                                             {0x1F000, 0x1FAFF},
                                             {0x20000, 0x3FFFD}});
constexpr auto kCombining = std::to_array<Range>(
    {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}});

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t value) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](Range range) { return value >= range.first && value <= range.last; });
}

int width_of(char32_t value) {
  if (is_in(kCombining, value)) return 0;
  return is_in(kWide, value) ? 2 : 1;
}

std::optional<double> percent_of(const WaitModel& model) {
  if (!model.build) return std::nullopt;
  if (model.build->percent) return std::clamp(*model.build->percent, 0.0, 100.0);
  if (!model.build->average || model.build->average->count() <= 0) return std::nullopt;
  const double share = std::chrono::duration<double>(model.build_elapsed) /
                       std::chrono::duration<double>(*model.build->average);
  return std::min(share * 100.0, kMostEstimated);
}

std::string bar(double percent, const TextStyle& style) {
  const auto full = static_cast<int>(std::lround(percent / 100.0 * kBarWidth));
  std::string text = "[";
  for (int i = 0; i < kBarWidth; ++i) {
    if (style.utf8) {
      text += i < full ? "█" : "░";
    } else {
      text += i < full ? '#' : '-';
    }
  }
  return text + "]";
}

// ", about 4s left", from earlier builds.
std::string time_left(const WaitModel& model) {
  if (!model.build || !model.build->average) return {};
  const auto left = *model.build->average - model.build_elapsed;
  if (left < Seconds(1)) return {};
  return fmt::format(", about {}s left", std::chrono::ceil<Seconds>(left).count());
}

std::string_view spinner(const WaitModel& model) {
  const auto tick = static_cast<std::size_t>(model.tick);
  return model.style.utf8 ? kSpinner[tick % kSpinner.size()]
                          : kPlainSpinner[tick % kPlainSpinner.size()];
}

std::string headline(const WaitModel& model, int columns) {
  const bool is_building = model.build && model.build->phase == "building";
  const bool is_queued = model.build && model.build->phase == "queued";
  const auto shown = is_building ? model.build_elapsed : model.waited;
  std::string line =
      fmt::format("{} {} {}", spinner(model),
                  is_building ? "building" : (is_queued ? "queued:" : "waiting for"), model.target);
  const auto percent = is_building ? percent_of(model) : std::nullopt;
  if (percent) line += fmt::format(" {}%", std::lround(*percent));
  if (percent && columns >= kColumnsForBar) line += " " + bar(*percent, model.style);
  line += fmt::format(" {:.1f}s", std::chrono::duration<double>(shown).count());
  if (is_building) line += time_left(model);
  if (is_building && !model.build->label.empty() && columns >= kColumnsForLabel) {
    line += "  " + model.build->label;
  }
  return line;
}

}  // namespace

int display_width(std::string_view utf8) {
  int width = 0;
  while (!utf8.empty()) {
    const auto point = first_of(utf8);
    width += width_of(point.value);
    utf8.remove_prefix(point.length);
  }
  return width;
}

std::string fitted(std::string_view utf8, int columns) {
  const std::string safe = for_terminal(utf8);
  std::string_view rest = safe;
  std::string text;
  int width = 0;
  while (!rest.empty()) {
    const auto point = first_of(rest);
    width += width_of(point.value);
    if (width > columns) break;
    const bool blank = rest[0] == '\t' || rest[0] == '\n';
    text += blank ? std::string_view(" ") : rest.substr(0, point.length);
    rest.remove_prefix(point.length);
  }
  return text;
}

std::string view(const WaitModel& model, ScreenSize size) {
  const int columns = std::max(size.columns, 1);
  std::string frame = fitted(headline(model, columns), columns);
  if (!model.build) return frame;
  // The headline, the log, and a row below for the cursor of whoever comes after us.
  const int room = std::max(0, std::min(model.log_lines, size.rows - 2));
  const auto& lines = model.build->lines;
  const auto first = lines.size() - std::min(lines.size(), static_cast<std::size_t>(room));
  for (std::size_t i = first; i < lines.size(); ++i) {
    frame += "\n" + fitted("  " + lines[i], columns);
  }
  return frame;
}

void ScreenWriter::draw(const std::string& frame) {
  std::string bytes;
  if (!rows_) {
    bytes += "\x1b[?25l";  // hide the cursor
  } else if (*rows_ > 1) {
    bytes += fmt::format("\x1b[{}A", *rows_ - 1);
  }
  // Without wrapping: a terminal that was made narrower since clips the lines and keeps their
  // number.
  bytes += "\r\x1b[J\x1b[?7l";
  for (const char c : frame) {
    if (c == '\n') bytes += '\r';
    bytes += c;
  }
  bytes += "\x1b[?7h";
  rows_ = 1 + static_cast<int>(std::count(frame.begin(), frame.end(), '\n'));
  write_text(fd_, bytes);
}

void ScreenWriter::wipe() {
  if (!rows_) return;
  std::string bytes;
  if (*rows_ > 1) bytes += fmt::format("\x1b[{}A", *rows_ - 1);
  bytes += "\r\x1b[J\x1b[?25h";
  rows_.reset();
  write_text(fd_, bytes);
}

ScreenSize size_of_terminal(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

bool can_draw_on(int fd) {
  const auto kind = environment("TERM");
  return ::isatty(fd) == 1 && !kind.empty() && kind != "dumb";
}

bool is_anothers(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground > 0 && foreground != ::getpgrp();
}

}  // namespace poltergeist::polter
