// SPDX-License-Identifier: MIT
#include "cli/table.h"

#include <algorithm>

namespace poltergeist::cli {

namespace {

constexpr std::size_t kGap = 2;

std::vector<std::size_t> widths_of(const std::vector<std::string>& heading,
                                   const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& title : heading) widths.push_back(width_of(title));
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.cells.size()));
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row.cells[i].text));
    }
  }
  return widths;
}

std::string line_of(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                    const Style& style) {
  std::string line;
  std::size_t owed = 0;  // blanks before the next text, so that no line ends with one
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& cell = cells[i];
    if (!cell.text.empty()) {
      line += std::string(owed, ' ');
      line += cell.paint ? style.paint(*cell.paint, cell.text) : cell.text;
      owed = 0;
    }
    owed += widths[i] - width_of(cell.text) + kGap;
  }
  return line + '\n';
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

std::string table_text(const std::vector<std::string>& heading, const std::vector<Row>& rows,
                       const Style& style) {
  const auto widths = widths_of(heading, rows);
  std::vector<Cell> titles;
  for (const auto& title : heading) titles.push_back({title, Paint::Faint});
  std::string text = line_of(titles, widths, style);
  for (const auto& row : rows) {
    text += line_of(row.cells, widths, style);
    for (const auto& line : row.below) text += "    " + line + '\n';
  }
  return text;
}

}  // namespace poltergeist::cli
