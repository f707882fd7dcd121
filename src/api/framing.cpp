// SPDX-License-Identifier: MIT
#include "api/framing.h"

namespace poltergeist::api {

bool LineReader::feed(std::string_view bytes) {
  buffer_.erase(0, start_);
  searched_ -= start_;
  start_ = 0;
  buffer_.append(bytes);
  const auto end = buffer_.find('\n', searched_);
  if (end == std::string::npos) searched_ = buffer_.size();
  const std::size_t first_line = end == std::string::npos ? buffer_.size() : end;
  return first_line <= kLongestMessage;
}

std::optional<std::string> LineReader::take_line() {
  while (true) {
    const auto end = buffer_.find('\n', std::max(start_, searched_));
    if (end == std::string::npos) {
      searched_ = buffer_.size();
      return std::nullopt;
    }
    std::string line = buffer_.substr(start_, end - start_);
    start_ = end + 1;
    searched_ = start_;
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return line;
  }
}

void WriteBuffer::sent(std::size_t count) {
  sent_ += count;
  if (sent_ == buffer_.size()) {
    buffer_.clear();
    sent_ = 0;
  } else if (sent_ > kHighWater) {
    buffer_.erase(0, sent_);
    sent_ = 0;
  }
}

}  // namespace poltergeist::api
