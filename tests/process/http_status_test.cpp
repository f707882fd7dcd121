// SPDX-License-Identifier: MIT
#include "process/http_status.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace poltergeist::process;

namespace {

using Reading = std::variant<StatusNotThereYet, NotHttp, HttpStatus>;

Reading status(int code, const std::string& reason = "") {
  return HttpStatus{.code = code, .reason = reason};
}

// What is said of the first byte, the first two, and so on.
std::vector<Reading> readings_of_beginnings(std::string_view received) {
  std::vector<Reading> readings;
  for (std::size_t size = 0; size <= received.size(); ++size) {
    readings.push_back(read_http_status(received.substr(0, size)));
  }
  return readings;
}

}  // namespace

TEST_CASE("a status line is its code and its reason") {
  CHECK(read_http_status("HTTP/1.1 200 OK\r\n") == status(200, "OK"));
  CHECK(read_http_status("HTTP/1.0 404 Not Found\r\n") == status(404, "Not Found"));
  CHECK(read_http_status("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\nbusy") ==
        status(503, "Service Unavailable"));
}

TEST_CASE("a status line may lack its reason and its carriage return") {
  CHECK(read_http_status("HTTP/1.1 204 \r\n") == status(204));
  CHECK(read_http_status("HTTP/1.1 204\r\n") == status(204));
  CHECK(read_http_status("HTTP/1.1 204\n") == status(204));
  CHECK(read_http_status("HTTP/1.1 302 Found\n") == status(302, "Found"));
}

TEST_CASE("a status line that is not whole yet may still become one") {
  const std::string line = "HTTP/1.1 200 OK\r\n";
  std::vector<Reading> expected(line.size(), StatusNotThereYet{});
  expected.push_back(status(200, "OK"));
  CHECK(readings_of_beginnings(line) == expected);
}

TEST_CASE("what cannot become a status line is known from the first wrong byte on") {
  CHECK(read_http_status("S") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/2") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.x") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.1 2x") == Reading(NotHttp{}));
  CHECK(read_http_status("\n") == Reading(NotHttp{}));
  CHECK(read_http_status("\r\nHTTP/1.1 200 OK\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status(" HTTP/1.1 200 OK\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status("http/1.1 200 OK\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status(std::string_view("\0\0", 2)) == Reading(NotHttp{}));
}

TEST_CASE("a line with another number of digits is no status line") {
  CHECK(read_http_status("HTTP/1.1 20\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.1 2000 OK\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.1\r\n") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.1 \r\n") == Reading(NotHttp{}));
  CHECK(read_http_status("HTTP/1.1 200OK\r\n") == Reading(NotHttp{}));
}

TEST_CASE("a status line ends within 8 KiB or is none") {
  const std::string begun = "HTTP/1.1 200 ";
  const auto of_size = [&](std::size_t size) { return begun + std::string(size - 13, 'x'); };
  CHECK(read_http_status(of_size(kLongestStatusLine - 1)) == Reading(StatusNotThereYet{}));
  CHECK(read_http_status(of_size(kLongestStatusLine)) == Reading(NotHttp{}));
  CHECK(read_http_status(of_size(kLongestStatusLine - 1) + "\n") == status(200));
  CHECK(read_http_status(of_size(kLongestStatusLine) + "\n") == Reading(NotHttp{}));
}

TEST_CASE("a reason can be shown to people whatever the server sent") {
  CHECK(read_http_status("HTTP/1.1 500 \x1b[31mred\x1b[0m\a\r\n") == status(500, "red"));
  CHECK(read_http_status("HTTP/1.1 500 caf\xe9\r\n") == status(500, "caf\xef\xbf\xbd"));
  CHECK(read_http_status("HTTP/1.1 500 " + std::string(1000, 'x') + "\r\n") == status(500));
}

TEST_CASE("success and redirection are good and everything else is not") {
  for (const int code : {200, 204, 301, 399}) CHECK(HttpStatus{.code = code}.is_good());
  for (const int code : {0, 100, 199, 400, 404, 500, 503, 999}) {
    CHECK_FALSE(HttpStatus{.code = code}.is_good());
  }
}

TEST_CASE("a status is shown as it came") {
  CHECK(HttpStatus{.code = 404, .reason = "Not Found"}.text() == "404 Not Found");
  CHECK(HttpStatus{.code = 404}.text() == "404");
}
