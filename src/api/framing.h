// SPDX-License-Identifier: MIT
// Bytes of a connection to lines and back, both bounded.
#pragma once

#include <string>
#include <string_view>

#include "api/json_rpc.h"

namespace poltergeist::api {

// Collects bytes and gives out complete lines (without their newline; empty lines are skipped).
class LineReader {
 public:
  // False once a line is longer than kLongestMessage: nothing more can be read from this sender.
  [[nodiscard]] bool feed(std::string_view bytes);
  // The next complete line; nothing if it has not all come yet. Valid until the next call.
  [[nodiscard]] std::optional<std::string> take_line();

 private:
  std::string buffer_;
  std::size_t start_ = 0;     // where the unread part begins
  std::size_t searched_ = 0;  // up to where no newline was found
};

// Bytes that a slow reader has not taken yet.
class WriteBuffer {
 public:
  // Above this, requests of that client wait; above kDrop the client is dropped (design: a reader
  // that does not read is dropped, not waited for).
  static constexpr std::size_t kHighWater = 256 << 10;
  static constexpr std::size_t kDrop = 4 << 20;

  void add(std::string_view bytes) { buffer_.append(bytes); }
  [[nodiscard]] std::string_view unsent() const { return std::string_view(buffer_).substr(sent_); }
  void sent(std::size_t count);
  [[nodiscard]] bool empty() const { return sent_ == buffer_.size(); }
  [[nodiscard]] bool above_high_water() const { return buffer_.size() - sent_ > kHighWater; }
  [[nodiscard]] bool must_drop() const { return buffer_.size() - sent_ > kDrop; }

 private:
  std::string buffer_;
  std::size_t sent_ = 0;
};

}  // namespace poltergeist::api
