// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <catch2/catch.hpp>

using namespace poltergeist;

TEST_CASE("the nearest candidate is suggested first, and nothing that is far off") {
  CHECK(suggestions_for("serevr", {"client", "server", "serve"}) ==
        std::vector<std::string>{"server", "serve"});
  CHECK(did_you_mean("buildComand", {"buildCommand", "name"}) ==
        "; did you mean \"buildCommand\"?");
  CHECK(did_you_mean("zzz", {"buildCommand"}).empty());
}

TEST_CASE("names that differ in case, blanks, dots and underscores are one name") {
  CHECK(normalised_name(" My  App ") == "my-app");
  CHECK(normalised_name("my_app") == "my-app");
  CHECK(normalised_name("My.App") == "my-app");
}

TEST_CASE("valid UTF-8 passes unchanged, every invalid byte becomes the replacement character") {
  CHECK(to_utf8("añ€𝄞") == "añ€𝄞");
  CHECK(to_utf8("a\xff"
                "b") ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(to_utf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  CHECK(to_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  CHECK(to_utf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut off
}

TEST_CASE("somebody else's text cannot command the terminal") {
  CHECK(for_terminal("a\x1b]52;c;ZXZpbA==\x07"
                     "b") == "ab");
  CHECK(for_terminal("a\x1b]0;title\x1b\\b") == "ab");
  CHECK(for_terminal("\x1b[2J\x1b[Hx\ty\r\a") == "x\ty");
  CHECK(for_terminal("x\xC2\x9Dy") == "xy");  // C1 controls in UTF-8
  CHECK(for_terminal("\x1b") == "");
  CHECK(for_terminal("\x1b[31") == "");
}

TEST_CASE(
    "an escape sequence ends with its last byte, and one that is none takes nothing with it") {
  // What `tput sgr0` prints: the character set, then the colour.
  CHECK(for_terminal("\x1b(B\x1b[mplain") == "plain");
  CHECK(for_terminal("\x1b#8\x1b=x\x1b%Gy") == "xy");
  CHECK(for_terminal("one\x1b\ntwo") == "one\ntwo");
  CHECK(for_terminal("\x1b\xC3\xA4") == "\xC3\xA4");
  CHECK(for_terminal("\x1b\x1b[31mred") == "red");
  CHECK(for_terminal("\x1b(") == "");
}

TEST_CASE("without its escape sequences a line keeps all other bytes") {
  CHECK(without_escapes("plain") == "plain");
  CHECK(without_escapes("\x1b[1;31mred\x1b(B\x1b[m \xFF\a\tend\x1b]0;title\a") ==
        "red \xFF\a\tend");
  CHECK(without_escapes("a\x1b[31") == "a");
  CHECK(without_escapes("") == "");
}

TEST_CASE("a character is as long as its bytes are valid") {
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("\xC3\xA4x") == 2);
  CHECK(utf8_length("\xE2\x82\xAC") == 3);
  CHECK(utf8_length("\xF0\x9F\x91\xBB") == 4);
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("\xE2\x82") == 0);
  CHECK(utf8_length("\x82") == 0);
}

TEST_CASE("colours pass only when they are asked for") {
  CHECK(for_terminal("\x1b[1;31mred\x1b[0m") == "red");
  CHECK(for_terminal("\x1b[1;31mred\x1b[0m", Colours::Keep) == "\x1b[1;31mred\x1b[0m");
  CHECK(for_terminal("\x1b[2Kx", Colours::Keep) == "x");
}

TEST_CASE("a colour that is on at the end is switched off there") {
  const auto kept = [](std::string_view text) { return for_terminal(text, Colours::Keep); };
  CHECK(kept("\x1b[31mred") == "\x1b[31mred\x1b[0m");
  CHECK(kept("\x1b[41mred\n") == "\x1b[41mred\x1b[0m\n");
  CHECK(kept("\x1b[8mgone\x1b[mhere\x1b[38;5;0m") == "\x1b[8mgone\x1b[mhere\x1b[38;5;0m\x1b[0m");
  CHECK(kept("\x1b[31mred\x1b[00mplain") == "\x1b[31mred\x1b[00mplain");
  CHECK(kept("\x1b[31m\x1b[0;0m") == "\x1b[31m\x1b[0;0m");
  CHECK(for_terminal("\x1b[31mred") == "red");
}

TEST_CASE("a text reads as what it is whatever direction it asks for") {
  CHECK(for_terminal("a\xE2\x80\xAE"
                     "b\xE2\x80\xAA\xE2\x81\xA6"
                     "c\xE2\x81\xA9") == "abc");
  // Text of right-to-left scripts, and their marks, are text.
  const std::string hebrew = "\xD7\xA9\xE2\x80\x8F\xD7\x9C \xE2\x80\xA9\xE2\x81\xA5\xE2\x81\xAA";
  CHECK(for_terminal(hebrew) == hebrew);
}

TEST_CASE("lines end with LF or CRLF and a final newline adds no line") {
  CHECK(lines_of("a\r\nb\n\nc") == std::vector<std::string_view>{"a", "b", "", "c"});
  CHECK(lines_of("a\n") == std::vector<std::string_view>{"a"});
  CHECK(lines_of("").empty());
}

TEST_CASE("a quoted word is one word of the shell") {
  CHECK(shell_quoted("plain-1.c") == "plain-1.c");
  CHECK(shell_quoted("") == "''");
  CHECK(shell_quoted("it's $(x)") == "'it'\\''s $(x)'");
}

TEST_CASE("a number is digits only and fits 64 bits") {
  CHECK(parse_number("18446744073709551615") == 18446744073709551615ULL);
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"}) {
    CHECK_FALSE(parse_number(text));
  }
}
