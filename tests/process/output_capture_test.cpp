// SPDX-License-Identifier: MIT
#include "process/output_capture.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "support/dice.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::process;
using test::Dice;

namespace {

// The line in the middle, with a line break before and behind it.
constexpr std::size_t kMarkerRoom = 64;

CapturedOutput captured(std::string_view text, std::size_t limit, std::size_t piece = 1 << 20) {
  OutputCapture capture(limit);
  for (std::size_t at = 0; at < text.size(); at += piece) capture.append(text.substr(at, piece));
  return capture.take();
}

std::string left_out(std::uint64_t bytes) {
  return fmt::format("[... {} bytes left out ...]\n", bytes);
}

// Its two parts and what the line between them says; `bytes` is 0 without such a line.
struct Parts {
  std::string head, tail;
  std::uint64_t bytes = 0;
};
Parts parts_of(const std::string& text) {
  const std::string begin = "[... ";
  const std::string end = " bytes left out ...]\n";
  const auto at = text.find(begin);
  const auto rest = text.find(end);
  REQUIRE(at != std::string::npos);
  REQUIRE(rest != std::string::npos);
  return {text.substr(0, at), text.substr(rest + end.size()),
          std::stoull(text.substr(at + begin.size()))};
}

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("line {}\n", i);
  return text;
}

}  // namespace

TEST_CASE("what fits is kept as it came") {
  CHECK(captured("one\ntwo", 100) == CapturedOutput{"one\ntwo", false, 7});
  CHECK(captured("", 100) == CapturedOutput{"", false, 0});
  CHECK(captured("12345678", 8) == CapturedOutput{"12345678", false, 8});
}

TEST_CASE("of what does not fit the beginning and the end are kept, and said how much is not") {
  const auto text = numbered_lines(1000);
  const auto output = captured(text, 100);
  CHECK(output.truncated);
  CHECK(output.bytes == text.size());
  const std::string head = "line 0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\n";
  const std::string tail = "line 995\nline 996\nline 997\nline 998\nline 999\n";
  CHECK(output.text == head + left_out(text.size() - head.size() - tail.size()) + tail);
}

TEST_CASE("without line breaks the cut is behind a blank") {
  const auto output = captured("one two three four five six seven eight nine ten", 24);
  CHECK(output.text == "one two \n" + left_out(48 - 8 - 8) + "nine ten");
}

TEST_CASE("without blanks the cut is between two characters") {
  CHECK(captured("abcdefghijklmnop", 8).text == "abcd\n" + left_out(8) + "mnop");
  // Of a character that is cut no part is kept.
  const std::string ghosts = "\xF0\x9F\x91\xBB\xF0\x9F\x91\xBB\xF0\x9F\x91\xBB\xF0\x9F\x91\xBB";
  for (std::size_t limit = 8; limit < 15; ++limit) {
    INFO(limit);
    CHECK(captured(ghosts, limit).text ==
          ghosts.substr(0, 4) + "\n" + left_out(8) + ghosts.substr(12));
  }
  const std::string umlauts = "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC";
  CHECK(captured(umlauts, 10).text ==
        umlauts.substr(0, 4) + "\n" + left_out(4) + umlauts.substr(8));
}

TEST_CASE("a line break that is far from the cut does not cost what lies between") {
  const std::string text = "first\n" + std::string(100'000, 'x') + "\nlast";
  const auto output = captured(text, 60'000);
  const auto parts = parts_of(output.text);
  CHECK(parts.head == "first\n" + std::string(29'994, 'x') + "\n");
  CHECK(parts.tail == std::string(29'995, 'x') + "\nlast");
}

TEST_CASE("invalid bytes are replaced, and what that takes counts") {
  CHECK(captured("a\xFF"
                 "b",
                 100) == CapturedOutput{"a\xEF\xBF\xBD"
                                        "b",
                                        false, 3});
  CHECK(captured("\xFF\xFF\xFF", 9) ==
        CapturedOutput{"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", false, 3});
  const auto output = captured(std::string(1000, '\xFF'), 1000);
  CHECK(output.truncated);
  CHECK(output.text.size() <= 1000 + kMarkerRoom);
  const auto parts = parts_of(output.text);
  CHECK(parts.head.size() == 166 * 3 + 1);
  CHECK(parts.tail.size() == 166 * 3);
  CHECK(parts.bytes == 1000 - 332);
}

TEST_CASE("whatever comes is shown in the limit") {
  for (const std::size_t limit : {0, 1, 2, 3, 10, 1000, 100'000}) {
    for (const auto* part : {"x", "\xFF", "line\n", "\xE2\x82\xAC", "word "}) {
      std::string text;
      while (text.size() < 3 * limit + 10) text += part;
      INFO(limit << ' ' << part);
      const auto output = captured(text, limit, 999);
      CHECK(output.text.size() <= limit + kMarkerRoom);
      CHECK(output.text == to_utf8(output.text));
      CHECK(output.truncated);
      CHECK(output.bytes == text.size());
    }
  }
}

TEST_CASE("the bytes themselves are there as long as nothing was left out") {
  OutputCapture capture(7);
  REQUIRE(capture.whole() != nullptr);
  CHECK(capture.whole()->empty());
  capture.append("{\"a\"\xFF");
  capture.append(":1");
  REQUIRE(capture.whole() != nullptr);
  CHECK(*capture.whole() == "{\"a\"\xFF:1");
  capture.append("}");
  CHECK(capture.whole() == nullptr);
}

TEST_CASE("what was captured does not depend on how it was cut into reads") {
  const auto text = numbered_lines(300) + "\xF0\x9F\x91\xBB\xFF\n" + numbered_lines(30);
  for (const std::size_t limit : {50, 333, 1000, 3000, 4000}) {
    const auto whole = captured(text, limit);
    for (std::size_t piece = 1; piece < text.size(); piece = piece * 3 / 2 + 1) {
      INFO(limit << ' ' << piece);
      REQUIRE(captured(text, limit, piece) == whole);
    }
  }
}

TEST_CASE("after it was taken a capture begins anew") {
  OutputCapture capture(8);
  capture.append("123456789");
  CHECK(capture.take().truncated);
  capture.append("next");
  CHECK(*capture.whole() == "next");
  CHECK(capture.take() == CapturedOutput{"next", false, 4});
}

TEST_CASE("memory is bounded by the limit, whatever the pieces") {
  constexpr std::size_t kLimit = 1 << 20;
  constexpr std::size_t kBesides = 128 << 10;
  OutputCapture capture(kLimit);
  const std::string piece(4096, 'x');
  for (std::size_t size = 0; size < kLimit; size += piece.size()) {
    capture.append(piece);
    REQUIRE(capture.whole()->capacity() <= kLimit + kBesides);
  }
  for (int i = 0; i < 10'000; ++i) capture.append(piece);
  const auto output = capture.take();
  CHECK(output.bytes == kLimit + 10'000 * piece.size());
  CHECK(output.text.capacity() <= kLimit + kBesides);
}

TEST_CASE("little output takes little memory") {
  OutputCapture capture(1 << 30);
  capture.append("little");
  CHECK(capture.whole()->capacity() < 100);
}

TEST_CASE(
    "whatever the bytes, head and tail are those of what came, and nothing else is left out") {
  Dice dice(3);
  for (int round = test::rounds(3000, 100'000); round > 0; --round) {
    constexpr std::string_view kBytes = "ab \n\t\xC3\xA4\xE2\x82\xAC\xFF\xF0\x9F";
    std::string text(static_cast<std::size_t>(dice.below(300)), '\0');
    const bool is_valid = dice.one_in(2);
    const auto bytes = is_valid ? kBytes.substr(0, 5) : kBytes;
    for (auto& c : text)
      c = bytes[static_cast<std::size_t>(dice.below(static_cast<int>(bytes.size())))];
    const auto limit = static_cast<std::size_t>(dice.below(300));
    const auto output = captured(text, limit, 1 + static_cast<std::size_t>(dice.below(40)));
    CAPTURE(round, text, limit, output.text);
    REQUIRE(output.text == to_utf8(output.text));
    REQUIRE(output.text.size() <= limit + kMarkerRoom);
    if (!output.truncated) {
      REQUIRE(output.text == to_utf8(text));
    } else if (is_valid) {
      const auto [head, tail, gone] = parts_of(output.text);
      REQUIRE(text.ends_with(tail));
      // A line break stands before the marker, and may be ours.
      const auto kept = text.size() - gone - tail.size();
      REQUIRE((kept == head.size() || kept + 1 == head.size()));
      REQUIRE(text.starts_with(head.substr(0, kept)));
      REQUIRE((head.empty() || head.back() == '\n'));
    }
  }
}
