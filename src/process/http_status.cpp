// SPDX-License-Identifier: MIT
#include "process/http_status.h"

#include <algorithm>

#include "base/text.h"

namespace poltergeist::process {

namespace {

// What a status line looks like up to its reason; 'd' stands for a digit.
constexpr std::string_view kStatusPattern = "HTTP/1.d ddd";
constexpr std::size_t kCodeAt = kStatusPattern.size() - 3;
// A longer one is not for people.
constexpr std::size_t kLongestReason = 80;

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

// Whether as much of the pattern as there is bytes for is met.
bool begins_like_http(std::string_view line) {
  const auto count = std::min(line.size(), kStatusPattern.size());
  return std::equal(
      line.begin(), line.begin() + static_cast<std::ptrdiff_t>(count), kStatusPattern.begin(),
      [](char byte, char wanted) { return wanted == 'd' ? is_digit(byte) : byte == wanted; });
}

std::string reason_in(std::string_view rest) {
  const auto reason = trimmed(rest);
  return reason.size() > kLongestReason ? std::string() : for_terminal(reason);
}

}  // namespace

std::string HttpStatus::text() const {
  return reason.empty() ? std::to_string(code) : std::to_string(code) + " " + reason;
}

std::variant<StatusNotThereYet, NotHttp, HttpStatus> read_http_status(std::string_view received) {
  const auto end = received.substr(0, kLongestStatusLine).find('\n');
  auto line = received.substr(0, end);
  if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
  if (!begins_like_http(line)) return NotHttp{};
  if (end == std::string_view::npos) {
    if (received.size() < kLongestStatusLine) return StatusNotThereYet{};
    return NotHttp{};
  }
  if (line.size() < kStatusPattern.size()) return NotHttp{};
  const auto rest = line.substr(kStatusPattern.size());
  if (!rest.empty() && rest.front() != ' ') return NotHttp{};
  const auto code = parse_number(line.substr(kCodeAt, 3)).value_or(0);
  return HttpStatus{.code = static_cast<int>(code), .reason = reason_in(rest)};
}

}  // namespace poltergeist::process
