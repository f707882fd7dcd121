// SPDX-License-Identifier: MIT
// Columns of text, each as wide as its widest cell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace poltergeist::cli {

struct Cell {
  std::string text;
  std::optional<Paint> paint;
};

struct Row {
  std::vector<Cell> cells;
  std::vector<std::string> below;  // whole lines under it, indented
};

// The heading in capitals, then the rows; two blanks between columns, none at the end of a line.
[[nodiscard]] std::string table_text(const std::vector<std::string>& heading,
                                     const std::vector<Row>& rows, const Style& style);

// Columns that a text takes, counting each character as one.
[[nodiscard]] std::size_t width_of(std::string_view text);

}  // namespace poltergeist::cli
