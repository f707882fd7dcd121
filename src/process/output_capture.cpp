// SPDX-License-Identifier: MIT
#include "process/output_capture.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace poltergeist::process {

namespace {

// Up to here memory grows with the output; beyond it is taken at once, for growing would need old
// and new.
constexpr std::size_t kSmall = 64 << 10;
constexpr std::size_t kReplacementSize = 3;  // of U+FFFD
constexpr std::size_t kMarkerRoom = 64;      // for the line in the middle

// What a text begins with (ASCII up to other bytes, one other character, or one invalid byte), and
// how much text that will be.
struct Piece {
  std::size_t size = 1;
  std::size_t shown_size = kReplacementSize;
};
bool is_ascii(char byte) {
  return static_cast<unsigned char>(byte) < 0x80;
}
Piece first_piece(std::string_view text) {
  if (is_ascii(text.front())) {
    const auto end = std::ranges::find_if_not(text, is_ascii);
    const auto size = static_cast<std::size_t>(end - text.begin());
    return {size, size};
  }
  const auto length = utf8_length(text);
  return length == 0 ? Piece{} : Piece{length, length};
}

std::size_t shown_size(std::string_view text) {
  std::size_t size = 0;
  while (!text.empty()) {
    const auto piece = first_piece(text);
    size += piece.shown_size;
    text.remove_prefix(piece.size);
  }
  return size;
}

// As much of the beginning as makes at most `most` bytes of text.
std::string_view fitting_beginning(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto piece = first_piece(text.substr(end));
    if (piece.shown_size > most) {
      return text.substr(0, end + (is_ascii(text[end]) ? most : 0));
    }
    most -= piece.shown_size;
    end += piece.size;
  }
  return text;
}

// As much of the end.
std::string_view fitting_end(std::string_view text, std::size_t most) {
  for (auto size = shown_size(text); size > most;) {
    const auto piece = first_piece(text);
    if (is_ascii(text.front()) && size - most < piece.size) {
      text.remove_prefix(size - most);
      break;
    }
    size -= piece.shown_size;
    text.remove_prefix(piece.size);
  }
  return text;
}

// Bytes of a character whose other bytes are behind the cut.
std::string_view without_broken_end(std::string_view text) {
  constexpr std::size_t kMostOthers = 3;
  for (std::size_t back = 1; back <= std::min(kMostOthers, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) break;
    if (byte < 0xC0) continue;
    return utf8_length(text.substr(text.size() - back)) == back
               ? text
               : text.substr(0, text.size() - back);
  }
  return text;
}

std::string_view without_broken_beginning(std::string_view text) {
  constexpr std::size_t kMostOthers = 3;
  std::size_t others = 0;
  while (others < std::min(kMostOthers, text.size()) &&
         (static_cast<unsigned char>(text[others]) & 0xC0U) == 0x80) {
    ++others;
  }
  return text.substr(others);
}

std::size_t cut_room(std::string_view text) {
  return std::min(OutputCapture::kCutRoom, text.size() / 2);
}

std::string_view cut_at_end(std::string_view text) {
  const auto room = text.size() - cut_room(text);
  for (const std::string_view ends : {"\n", " \t"}) {
    const auto last = text.find_last_of(ends);
    if (last != std::string_view::npos && last >= room) return text.substr(0, last + 1);
  }
  return text;
}

std::string_view cut_at_beginning(std::string_view text) {
  const auto near = text.substr(0, cut_room(text));
  for (const std::string_view ends : {"\n", " \t"}) {
    const auto first = near.find_first_of(ends);
    if (first != std::string_view::npos) return text.substr(first + 1);
  }
  return text;
}

}  // namespace

void OutputCapture::append(std::string_view bytes) {
  bytes_ += bytes.size();
  const auto fits = bytes.substr(0, limit_ - kept_.size());
  make_room(kept_.size() + fits.size());
  kept_ += fits;
  bytes.remove_prefix(fits.size());
  write_over_oldest(bytes);
}

void OutputCapture::make_room(std::size_t size) {
  if (size <= kept_.capacity()) return;
  kept_.reserve(size <= kSmall ? std::min({2 * size, kSmall, limit_}) : limit_ + kMarkerRoom);
}

void OutputCapture::write_over_oldest(std::string_view bytes) {
  if (bytes.empty() || tail_size() == 0) return;
  if (bytes.size() >= tail_size()) {
    bytes.remove_prefix(bytes.size() - tail_size());
    oldest_ = 0;
  }
  char* const ring = kept_.data() + head_size();
  const auto until_end = bytes.copy(ring + oldest_, tail_size() - oldest_);
  const auto from_begin = bytes.copy(ring, bytes.size() - until_end, until_end);
  oldest_ = from_begin > 0 ? from_begin : (oldest_ + until_end) % tail_size();
}

OutputCapture::Cuts OutputCapture::cuts() const {
  const std::string_view kept = kept_;
  if (bytes_ <= limit_) {
    // All of it is here; only as text it is too long.
    return {fitting_beginning(kept, head_size()), fitting_end(kept, tail_size())};
  }
  return {fitting_beginning(without_broken_end(kept.substr(0, head_size())), head_size()),
          fitting_end(without_broken_beginning(kept.substr(head_size())), tail_size())};
}

CapturedOutput OutputCapture::take() {
  CapturedOutput output;
  output.bytes = bytes_;
  if (bytes_ > limit_) {
    const auto ring = kept_.begin() + static_cast<std::ptrdiff_t>(head_size());
    std::rotate(ring, ring + static_cast<std::ptrdiff_t>(oldest_), kept_.end());
  }
  output.truncated = bytes_ > limit_ || shown_size(kept_) > limit_;
  if (output.truncated) leave_out_middle();
  output.text = shown_size(kept_) == kept_.size() ? std::move(kept_) : to_utf8(kept_);
  *this = OutputCapture(limit_);
  return output;
}

void OutputCapture::leave_out_middle() {
  const auto [fitting_head, fitting_tail] = cuts();
  const auto head = cut_at_end(fitting_head).size();
  const auto tail = cut_at_beginning(fitting_tail).size();
  const auto marker =
      fmt::format("{}[... {} bytes left out ...]\n",
                  head == 0 || kept_[head - 1] == '\n' ? "" : "\n", bytes_ - head - tail);
  kept_.replace(head, kept_.size() - tail - head, marker);
}

}  // namespace poltergeist::process
