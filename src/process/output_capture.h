// SPDX-License-Identifier: MIT
// What is kept of a stream, in bounded memory: its beginning and its end, half of the limit each,
// and between them a line that says how much was left out.
//
//   first lines
//   [... 123456 bytes left out ...]
//   last lines
//
// Both halves are cut at the end of a line, if there is one within kCutRoom bytes (or within half
// of what there is) of the cut, else behind a blank there, else between two characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace poltergeist::process {

struct CapturedOutput {
  // Valid UTF-8; every invalid byte is U+FFFD, which takes three. These count against the limit, so
  // of much output that is no text less is kept: this is never longer than the limit, the line that
  // says what was left out apart.
  std::string text;
  bool truncated = false;
  std::uint64_t bytes = 0;  // that came, all of them

  friend bool operator==(const CapturedOutput&, const CapturedOutput&) = default;
};

class OutputCapture {
 public:
  static constexpr std::size_t kCutRoom = 4 << 10;

  // Takes no memory before the first bytes come, and never more than `limit` and 128 KiB.
  explicit OutputCapture(std::size_t limit) : limit_(limit) {}

  void append(std::string_view bytes);
  // All bytes as they came, if the limit left room for them; otherwise nothing. Until the next
  // call.
  [[nodiscard]] const std::string* whole() const { return bytes_ <= limit_ ? &kept_ : nullptr; }
  // What there is to show; this is empty then, and begins anew. Valid UTF-8 is not copied; other
  // bytes take up to twice the limit more for a moment.
  [[nodiscard]] CapturedOutput take();

 private:
  struct Cuts {  // views of kept_
    std::string_view head;
    std::string_view tail;
  };

  void make_room(std::size_t size);
  void write_over_oldest(std::string_view bytes);
  [[nodiscard]] std::size_t head_size() const { return limit_ / 2; }
  [[nodiscard]] std::size_t tail_size() const { return limit_ - head_size(); }
  [[nodiscard]] Cuts cuts() const;
  void leave_out_middle();

  std::size_t limit_;
  std::uint64_t bytes_ = 0;
  // The first half; behind it the second one, which is a ring as soon as the limit is reached.
  std::string kept_;
  std::size_t oldest_ = 0;  // where in the ring the next byte goes
};

}  // namespace poltergeist::process
