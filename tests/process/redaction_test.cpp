// SPDX-License-Identifier: MIT
#include "process/redaction.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support/dice.h"
#include "support/rounds.h"

using namespace poltergeist;
using namespace poltergeist::process;
using test::Dice;

namespace {

const std::string kMark(kRedacted);

std::string redacted(const std::vector<std::string>& values, std::string_view text) {
  return Secrets(values).redact(text);
}

// What comes of a stream whose bytes come one by one, after each of them; the last one is the end.
std::vector<std::string> given_after_each_byte(const std::vector<std::string>& values,
                                               std::string_view text) {
  Redactor redactor{Secrets(values)};
  std::string out;
  const auto append = [&](std::string_view bytes) { out += bytes; };
  std::vector<std::string> steps;
  for (std::size_t at = 0; at < text.size(); ++at) {
    redactor.feed(text.substr(at, 1), append);
    steps.push_back(out);
  }
  redactor.finish(append);
  steps.push_back(out);
  return steps;
}

// By hand: all occurrences, those that overlap as one.
struct Reference {
  std::string text;
  // How long the result is when all bytes before a place are accounted for.
  std::vector<std::size_t> size_at;
};
Reference reference(const std::vector<std::string>& values, const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (const auto& value : values) {
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 1)) {
      found.emplace_back(at, at + value.size());
    }
  }
  std::sort(found.begin(), found.end());
  Reference result{{}, {0}};
  std::size_t next = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (next < found.size() && found[next].first == at) {
      auto end = found[next].second;
      for (; next < found.size() && found[next].first < end; ++next) {
        end = std::max(end, found[next].second);
      }
      result.text += kRedacted;
      for (; at < end; ++at) result.size_at.push_back(result.text.size());
    } else {
      result.text += text[at++];
      result.size_at.push_back(result.text.size());
    }
  }
  return result;
}

// How many of the last bytes may be the beginning of a value.
std::size_t open_end(const std::vector<std::string>& values, std::string_view text) {
  std::size_t open = 0;
  for (const auto& value : values) {
    for (std::size_t length = 1; length < value.size() && length <= text.size(); ++length) {
      if (text.ends_with(std::string_view(value).substr(0, length))) open = std::max(open, length);
    }
  }
  return open;
}

std::string random_text(Dice& dice, int longest, int letters) {
  std::string text(static_cast<std::size_t>(dice.below(longest + 1)), '\0');
  for (auto& c : text) c = static_cast<char>('a' + dice.below(letters));
  return text;
}

// Values that share beginnings, overlap, and lie in one another.
std::vector<std::string> random_values(Dice& dice, int letters) {
  std::vector<std::string> values;
  for (int count = 1 + dice.below(6); count > 0; --count) {
    auto value = random_text(dice, 4, letters) + "abab";
    if (dice.one_in(2)) value = random_text(dice, 12, letters) + "aaaa";
    if (!values.empty() && dice.one_in(3)) {
      const auto& other = values.front();
      value = other.substr(0, other.size() / 2) + random_text(dice, 6, letters) + "ba";
    }
    if (!values.empty() && dice.one_in(4)) value = values.back() + random_text(dice, 3, letters);
    if (!values.empty() && dice.one_in(4)) value = values.front().substr(1);
    if (value.size() >= Secrets::kShortest) values.push_back(value);
  }
  return values;
}

std::string text_with(Dice& dice, const std::vector<std::string>& values, int letters) {
  std::string text;
  for (int parts = dice.below(8); parts > 0; --parts) {
    const auto& value =
        values[static_cast<std::size_t>(dice.below(static_cast<int>(values.size())))];
    const auto begin = dice.one_in(3) ? static_cast<std::size_t>(dice.below(3)) : 0;
    text += dice.one_in(3) ? random_text(dice, 20, letters) : value.substr(begin);
    if (dice.one_in(3) && !text.empty()) text.resize(text.size() - 1);
  }
  return text;
}

}  // namespace

TEST_CASE("a secret's value is nowhere to be seen") {
  CHECK(redacted({"hunter2"}, "password: hunter2, again: hunter2!") ==
        "password: [REDACTED], again: [REDACTED]!");
  CHECK(redacted({"hunter2"}, "hunter2") == kMark);
  CHECK(redacted({"hunter2"}, "hunter") == "hunter");
  CHECK(redacted({"hunter2"}, "").empty());
}

TEST_CASE("values of fewer than four bytes are left, for they would shred what is to be read") {
  CHECK(redacted({"abc", "x", ""}, "abc x") == "abc x");
  CHECK(Secrets(std::vector<std::string>{"abc", "x", ""}).empty());
  CHECK(redacted({"abcd"}, "abcd") == kMark);
}

TEST_CASE("a value of nothing but blanks is no secret") {
  CHECK(Secrets(std::vector<std::string>{"      ", " \n\t\r\n "}).empty());
}

TEST_CASE("which variables are secret is told by their names") {
  const auto secrets = Secrets::from_environment(
      {"API_KEY=one-two", "db_password=three=four", "HOME=/home/me", "KEYBOARD=english",
       "_TOKEN=", "GH_TOKEN=five-six", "broken", "AWS_SECRET=seven", "SIGNING_CREDENTIAL=eight"});
  CHECK(secrets.redact("one-two three=four /home/me english five-six seven eight") ==
        "[REDACTED] [REDACTED] /home/me english [REDACTED] [REDACTED] [REDACTED]");
}

TEST_CASE("without secrets a stream passes as it is, in the pieces in which it came") {
  Redactor redactor{Secrets()};
  const std::string_view bytes = "anything";
  std::vector<std::string_view> pieces;
  const auto note = [&](std::string_view piece) { pieces.push_back(piece); };
  redactor.feed(bytes, note);
  redactor.finish(note);
  REQUIRE(pieces.size() == 1);
  CHECK(pieces.front().data() == bytes.data());
}

TEST_CASE("a value is caught however it is cut into reads") {
  const std::string text = "a hunter2 and a hunter of secrets, hunter2hunter2 hunt";
  const auto whole = redacted({"hunter2", "secrets"}, text);
  CHECK(whole == "a [REDACTED] and a hunter of [REDACTED], [REDACTED][REDACTED] hunt");
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      Redactor redactor{Secrets({"hunter2", "secrets"})};
      std::string out;
      const auto append = [&](std::string_view bytes) { out += bytes; };
      redactor.feed(std::string_view(text).substr(0, first), append);
      redactor.feed(std::string_view(text).substr(first, second - first), append);
      redactor.feed(std::string_view(text).substr(second), append);
      redactor.finish(append);
      INFO(first << ' ' << second);
      REQUIRE(out == whole);
    }
  }
}

TEST_CASE("only what may become a value is held back, and given out when it becomes none") {
  CHECK(given_after_each_byte({"hunter2"}, "a huntexy") ==
        std::vector<std::string>{"a", "a ", "a ", "a ", "a ", "a ", "a ", "a huntex", "a huntexy",
                                 "a huntexy"});
  CHECK(given_after_each_byte({"hunter2"}, "hunt").back() == "hunt");
}

TEST_CASE("a value that has ended is told at once, also when a longer one may follow from it") {
  CHECK(given_after_each_byte({"abcd", "abcdef"}, "abcdefg") ==
        std::vector<std::string>{"", "", "", kMark, kMark, kMark, kMark + "g", kMark + "g"});
  CHECK(given_after_each_byte({"abcd", "abcdef"}, "abcdex").back() == kMark + "ex");
}

TEST_CASE("of two values at one place the longer one goes, whichever was named first") {
  CHECK(redacted({"abcd", "abcdefgh"}, "abcdefgh abcd abcdef") ==
        kMark + " " + kMark + " " + kMark + "ef");
  CHECK(redacted({"abcdefgh", "abcd"}, "abcdefgh") == kMark);
  CHECK(redacted({"cdef", "abcdefgh"}, "abcdefgh") == kMark);
  CHECK(redacted({"efgh", "abcdefgh"}, "abcdefgh") == kMark);
}

TEST_CASE("values that overlap leave nothing of either") {
  CHECK(redacted({"abcdef", "defghi"}, "<abcdefghi>") == "<" + kMark + ">");
  CHECK(redacted({"aaaa"}, "aaaaaaa") == kMark);
  CHECK(redacted({"abab"}, "ababab-abab") == kMark + "-" + kMark);
  // Two that a third one joins.
  CHECK(redacted({"abcd", "efgh", "cdef"}, "abcdefgh") == kMark);
  CHECK(redacted({"xx-abcd-yy-abcd-zz", "abcd"}, "xx-abcd-yy-abcd-zz") == kMark);
  CHECK(redacted({"xx-abcd-yy-abcd-zz", "abcd"}, "xx-abcd-yy-abcd-z") ==
        "xx-" + kMark + "-yy-" + kMark + "-z");
}

TEST_CASE("values that only touch are two") {
  CHECK(redacted({"abcd", "efgh"}, "abcdefgh") == kMark + kMark);
}

TEST_CASE("a value of several lines is hidden line by line, too") {
  const std::string key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nq1+/==\nab\n-----END KEY-----\n";
  CHECK(redacted({key}, key) == kMark);
  CHECK(redacted({key}, "> MIIEvQIBADANBg\r\n> q1+/==\r\n> ab\r\n") ==
        "> " + kMark + "\r\n> " + kMark + "\r\n> ab\r\n");
  std::string windows;
  for (const char c : key) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(redacted({key}, windows) ==
        kMark + "\r\n" + kMark + "\r\n" + kMark + "\r\nab\r\n" + kMark + "\r\n");
  CHECK(redacted({windows}, "MIIEvQIBADANBg\n") == kMark + "\n");
}

TEST_CASE("a line of a value that says next to nothing is left") {
  const std::string account = "{\n    \"id\": \"12345\"\n    }\n        \n}";
  CHECK(redacted({account}, "        x\n    }\n{\n    }") == "        x\n    }\n{\n    }");
  CHECK(redacted({account}, "    \"id\": \"12345\"\n") == kMark + "\n");
}

TEST_CASE("a value is also known without the line breaks and blanks at its end") {
  CHECK(redacted({"hunter2\n"}, "hunter2 hunter2\n.") == kMark + " " + kMark + ".");
  CHECK(redacted({"hunter2 \r\n"}, "hunter2!") == kMark + "!");
  CHECK(redacted({"abc\n"}, "abc") == "abc");
}

TEST_CASE("a value is also known as JSON writes it") {
  CHECK(redacted({"a\"b\\c"}, R"({"x": "a\"b\\c"})") == R"({"x": ")" + kMark + R"("})");
  CHECK(redacted({"one\ntwo\tx"}, R"("one\ntwo\tx")") == "\"" + kMark + "\"");
  CHECK(redacted({std::string("ab\x01\x1f\b\f\rcd")}, R"(ab\u0001\u001f\b\f\rcd)") == kMark);
  CHECK(redacted({"first \"line\"\nsecond"}, R"(["first \"line\"", "second"])") ==
        "[\"" + kMark + "\", \"" + kMark + "\"]");
}

TEST_CASE("a value is also known as a shell's quotes write it") {
  CHECK(redacted({"it's me"}, "run " + shell_quoted("it's me")) == "run '" + kMark + "'");
  CHECK(redacted({"'quoted'"}, shell_quoted("'quoted'")) == "'" + kMark + "'");
  CHECK(redacted({"it's me"}, "run " + shell_quoted("--token=it's me")) ==
        "run '--token=" + kMark + "'");
}

TEST_CASE("a value may be any bytes") {
  const std::string bytes("\xFF\0\x80\0\xC3", 5);
  CHECK(redacted({bytes}, "a" + bytes + "b") == "a" + kMark + "b");
}

TEST_CASE("a redactor may be used for one stream after another") {
  Redactor redactor{Secrets(std::vector<std::string>{"hunter2"})};
  std::string out;
  const auto append = [&](std::string_view bytes) { out += bytes; };
  redactor.feed("hunt", append);
  redactor.finish(append);
  redactor.feed("er2 hunter2", append);
  redactor.finish(append);
  CHECK(out == "hunter2 " + kMark);
}

TEST_CASE("a text that is nearly a value all the time takes one pass") {
  const std::string value(20'000, 'a');
  const std::string text(2'000'000, 'a');
  CHECK(redacted({value + "b"}, text) == text);
  CHECK(redacted({value}, text) == kMark);
}

TEST_CASE("whatever the values, the text and the cuts, the result is that of looking by hand") {
  Dice dice(11);
  const int all = test::rounds(20'000, 1'000'000);
  int seen = 0;
  for (int round = 0; round < all; ++round) {
    const int letters = 2 + dice.below(2);
    const auto values = random_values(dice, letters);
    if (values.empty()) continue;
    const auto text = text_with(dice, values, letters);
    const auto expected = reference(values, text);
    seen += expected.text != text ? 1 : 0;
    CAPTURE(round, values, text);
    REQUIRE(redacted(values, text) == expected.text);
    Redactor redactor{Secrets(values)};
    std::string out;
    const auto append = [&](std::string_view bytes) { out += bytes; };
    for (std::size_t at = 0; at < text.size();) {
      const auto piece = std::min(text.size() - at, static_cast<std::size_t>(dice.below(9)));
      redactor.feed(std::string_view(text).substr(at, piece), append);
      at += piece;
      const auto known = std::string_view(text).substr(0, at);
      REQUIRE(expected.text.starts_with(out));
      REQUIRE(out.size() >= expected.size_at[at - open_end(values, known)]);
    }
    redactor.finish(append);
    REQUIRE(out == expected.text);
  }
  CHECK(seen > all / 2);
}
