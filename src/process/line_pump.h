// SPDX-License-Identifier: MIT
// Output of a child: bytes to lines in constant memory, whatever the bytes are.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "sys/loop.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

enum class LineEnd {
  Newline,      // "\n" or "\r\n"
  Overwritten,  // "\r" and then more: a progress line, of which only the last state stays on a
                // terminal
  Split,        // longer than the limit: the rest follows as the next line
  Eof           // the output ended here
};

struct Line {
  std::string_view text;  // without its end; valid during the call; any bytes
  LineEnd end = LineEnd::Newline;

  friend bool operator==(const Line&, const Line&) = default;
};

class LineSplitter {
 public:
  static constexpr std::size_t kLongest = 64 << 10;
  using OnLine = std::function<void(const Line&)>;

  explicit LineSplitter(std::size_t longest = kLongest) : longest_(longest) {}

  // Each line that `bytes` end, in order. However the bytes are cut into calls, the lines are the
  // same.
  void feed(std::string_view bytes, const OnLine& on_line);
  // The unfinished last line, if there is one.
  void finish(const OnLine& on_line);

 private:
  void append(std::string_view part, const OnLine& on_line);
  void end_line(std::string_view part, LineEnd end, const OnLine& on_line);

  std::size_t longest_;
  std::string rest_;           // the beginning of the line that is not ended yet
  bool after_return_ = false;  // the last byte was "\r": what comes next tells which kind
};

// Reads a pipe as it fills, a bounded amount per turn of the loop, so that one flood starves
// nobody.
class OutputPump {
 public:
  using OnBytes = std::function<void(std::string_view bytes)>;
  using OnEnd = std::function<void()>;

  // `pipe` is non-blocking. `on_end` comes once, after the last bytes: at end of file, or as
  // finish_by() says. It may destroy the pump.
  [[nodiscard]] static Result<std::unique_ptr<OutputPump>> start(Loop& loop, UniqueFd pipe,
                                                                 OnBytes on_bytes, OnEnd on_end);
  // The writer that matters has exited: take what it wrote, then end at `when` even if somebody
  // else still holds the pipe.
  void finish_by(Instant when);
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  // The pipe, for whoever reads it on after finish_by() ended it; empty at end of file.
  [[nodiscard]] UniqueFd take_pipe() { return std::move(pipe_); }

 private:
  OutputPump(Loop& loop, UniqueFd pipe, OnBytes on_bytes, OnEnd on_end);
  // False if it ended; then this may be destroyed.
  bool read_some(int reads);
  void end();

  Loop& loop_;
  OnBytes on_bytes_;
  OnEnd on_end_;
  UniqueFd pipe_;
  Loop::Handle readable_;
  Loop::Handle last_call_;
  bool pipe_at_end_ = false;
  bool has_ended_ = false;
};

}  // namespace poltergeist::process
