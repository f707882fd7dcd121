// SPDX-License-Identifier: MIT
#include "api/framing.h"

#include <catch2/catch.hpp>

using namespace poltergeist::api;

TEST_CASE("lines come out whole, however the bytes arrive") {
  const std::string bytes = "one\n\r\ntwo\r\n\nthree\nrest";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    LineReader reader;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      REQUIRE(reader.feed(std::string_view(bytes).substr(at, step)));
      while (auto line = reader.take_line()) lines.push_back(*line);
    }
    CHECK(lines == std::vector<std::string>{"one", "two", "three"});
  }
}

TEST_CASE("a line that never ends is refused at the limit") {
  LineReader reader;
  const std::string chunk(64 << 10, 'x');
  std::size_t fed = 0;
  while (reader.feed(chunk)) {
    fed += chunk.size();
    REQUIRE(fed <= kLongestMessage);
  }
  CHECK(fed == kLongestMessage);
}

TEST_CASE("what was sent leaves the buffer, and a reader that does not read is dropped") {
  WriteBuffer buffer;
  buffer.add("hello");
  buffer.sent(2);
  CHECK(buffer.unsent() == "llo");
  buffer.sent(3);
  CHECK(buffer.empty());
  buffer.add(std::string(WriteBuffer::kHighWater + 1, 'x'));
  CHECK(buffer.above_high_water());
  CHECK_FALSE(buffer.must_drop());
  buffer.add(std::string(WriteBuffer::kDrop, 'x'));
  CHECK(buffer.must_drop());
}
