// SPDX-License-Identifier: MIT
// An output stream as its readers may have it: secrets are taken out of the bytes, then lines are
// made of them.
#pragma once

#include <string_view>

#include "process/line_pump.h"
#include "process/redaction.h"

namespace poltergeist::process {

class CleanLines {
 public:
  explicit CleanLines(const Secrets& secrets) : redactor_(secrets) {}

  void feed(std::string_view bytes, const LineSplitter::OnLine& on_line) {
    redactor_.feed(bytes, [&](std::string_view clean) { lines_.feed(clean, on_line); });
  }
  // The stream ended: what was held back, and the unfinished last line.
  void finish(const LineSplitter::OnLine& on_line) {
    redactor_.finish([&](std::string_view clean) { lines_.feed(clean, on_line); });
    lines_.finish(on_line);
  }

 private:
  Redactor redactor_;
  LineSplitter lines_;
};

}  // namespace poltergeist::process
