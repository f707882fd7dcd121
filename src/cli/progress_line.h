// SPDX-License-Identifier: MIT
// One line on the terminal that says what is being waited for, redrawn in place and gone at the
// end. Silent where nobody looks.
#pragma once

#include <string>

#include "api/messages.h"
#include "cli/output.h"

namespace poltergeist::cli {

// "app: building, 12s, 42 %, [3/7] main.o", at most `columns` wide. Pure.
[[nodiscard]] std::string progress_text(const api::ProgressNote& note, std::size_t columns);

class ProgressLine {
 public:
  explicit ProgressLine(const Style& style) : style_(style) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  void show(const api::ProgressNote& note);
  void clear();

 private:
  Style style_;
  bool drawn_ = false;
};

}  // namespace poltergeist::cli
