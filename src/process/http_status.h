// SPDX-License-Identifier: MIT
// The first line of an answer over HTTP: what a server thinks of a request. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace poltergeist::process {

// A status line with all before it is never longer; one that is comes from no HTTP server.
inline constexpr std::size_t kLongestStatusLine = 8 << 10;

struct StatusNotThereYet {
  friend bool operator==(const StatusNotThereYet&, const StatusNotThereYet&) = default;
};
struct NotHttp {
  friend bool operator==(const NotHttp&, const NotHttp&) = default;
};
struct HttpStatus {
  int code = 0;        // three digits
  std::string reason;  // "Not Found"; may be empty; valid UTF-8 that a terminal can show

  // Success and redirection: whoever redirects is up.
  [[nodiscard]] bool is_good() const { return code >= 200 && code <= 399; }
  // "404 Not Found", "404".
  [[nodiscard]] std::string text() const;
  friend bool operator==(const HttpStatus&, const HttpStatus&) = default;
};

// What `received`, everything that came since the connection was made, says. NotHttp as soon as
// nothing that follows could make it a status line of HTTP/1.x, and for kLongestStatusLine bytes
// without the end of one.
[[nodiscard]] std::variant<StatusNotThereYet, NotHttp, HttpStatus> read_http_status(
    std::string_view received);

}  // namespace poltergeist::process
