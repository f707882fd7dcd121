// SPDX-License-Identifier: MIT
// What a waiting polter shows. On a terminal: a few lines redrawn in place, wiped before the
// program starts; view() makes them and is pure, ScreenWriter puts them there. Elsewhere: one line
// when the wait begins and one when it ends. Nothing at all if the answer comes at once.
#pragma once

#include <optional>
#include <string>

#include "api/messages.h"
#include "polter/console.h"

namespace poltergeist::polter {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

struct WaitModel {
  std::string target;
  Duration waited{};                       // since the call
  std::optional<api::ProgressNote> build;  // the latest word from the daemon
  Duration build_elapsed{};                // of that build, as of now
  int log_lines = 5;                       // at most so many of its last lines
  int tick = 0;                            // turns the spinner
  TextStyle style;
};

// The frame: lines without a final newline, each at most `columns` wide, at most `rows` - 1 of
// them, no control bytes. Narrow terminals lose the bar first, then what the build says of itself.
[[nodiscard]] std::string view(const WaitModel& model, ScreenSize size);

// How many columns a text takes on a terminal: wide characters take two, combining ones none.
[[nodiscard]] int display_width(std::string_view utf8);
// The longest beginning of a text that fits, on one line: tabs and line ends become blanks.
[[nodiscard]] std::string fitted(std::string_view utf8, int columns);

// Draws frames over each other. Hides the cursor meanwhile; wipe() and the destructor remove the
// frame and show it again.
class ScreenWriter {
 public:
  explicit ScreenWriter(int fd) : fd_(fd) {}
  ScreenWriter(const ScreenWriter&) = delete;
  ScreenWriter& operator=(const ScreenWriter&) = delete;
  ~ScreenWriter() { wipe(); }

  void draw(const std::string& frame);
  void wipe();

 private:
  int fd_;
  std::optional<int> rows_;  // of the frame that is there
};

[[nodiscard]] ScreenSize size_of_terminal(int fd);
// Whether frames may be drawn there: a terminal that understands how to move.
[[nodiscard]] bool can_draw_on(int fd);
// Whether it is a terminal that another job has now, such as the shell after `polter T &`.
[[nodiscard]] bool is_anothers(int fd);

}  // namespace poltergeist::polter
