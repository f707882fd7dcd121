// SPDX-License-Identifier: MIT
#include "config/located_json.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace poltergeist::config;

namespace {

// Every key and value with its place, one per line, in the order of the text.
void describe(const Json& json, std::string& into) {
  into += fmt::format("{}:{} {}\n", json.place.line, json.place.column, kind_of(json));
  if (const auto* list = json.as<JsonArray>()) {
    for (const auto& entry : *list) describe(entry, into);
  }
  if (const auto* object = json.as<JsonObject>()) {
    for (const auto& member : *object) {
      into += fmt::format("{}:{} key {}\n", member.place.line, member.place.column, member.key);
      describe(member.value, into);
    }
  }
}

std::string places_in(std::string_view text) {
  const auto parsed = parse_located(text);
  if (!parsed) return to_text(parsed.error(), "error");
  std::string places;
  describe(parsed->root, places);
  return places;
}

std::string error_in(std::string_view text) {
  const auto parsed = parse_located(text);
  return parsed ? "none" : to_text(parsed.error(), "").substr(1);
}

}  // namespace

TEST_CASE("every key and value knows its line and column") {
  CHECK(places_in("{\n  \"a\": [1, -2.5e3,\n  true],\n\t\"b\" : { \"c\":null } }") ==
        "1:1 an object\n"
        "2:3 key a\n2:8 a list\n2:9 a number\n2:12 a number\n3:3 true\n"
        "4:2 key b\n4:8 an object\n4:10 key c\n4:14 null\n");
}

TEST_CASE("comments stand anywhere between tokens and move nothing") {
  CHECK(places_in(
            "// one\n/* two\n three */ {/**/\"a\"/* , : */:// {\n 7/*x*/,\"b\"//\r\n:\"//\"}//") ==
        "3:11 an object\n3:16 key a\n4:2 a number\n4:9 key b\n5:2 text\n");
}

TEST_CASE("columns count characters, not bytes, and a byte order mark is none") {
  CHECK(places_in("\xEF\xBB\xBF{\"ä€𝄞\": \"ü\", \"b\": 1}") ==
        "1:1 an object\n1:2 key ä€𝄞\n1:9 text\n1:14 key b\n1:19 a number\n");
}

TEST_CASE("numbers touch what follows them, or the end of the text") {
  CHECK(places_in("[1,22,[3],-0,1e5]") ==
        "1:1 a list\n1:2 a number\n1:4 a number\n1:7 a list\n1:8 a number\n1:11 a number\n"
        "1:14 a number\n");
  CHECK(places_in("17") == "1:1 a number\n");
  CHECK(places_in("17 ") == "1:1 a number\n");
}

TEST_CASE("a broken text is explained once, at the place to be edited") {
  struct Case {
    const char* text;
    const char* error;
  };
  const auto text_and_error = GENERATE(values<Case>({
      {"", "1:1: the file holds no configuration: it begins with {"},
      {" // nothing\n", "2:1: the file holds no configuration: it begins with {"},
      {"{", "1:2: the file ends here, but the '{' of line 1 is not closed"},
      {"{\n\"a\": [\n1,\n", "4:1: the file ends here, but the '[' of line 2 is not closed"},
      {"{\"a\"", "1:5: the file ends here, but the '{' of line 1 is not closed"},
      {"{\"a\":", "1:6: the file ends here, but the '{' of line 1 is not closed"},
      {"{\"a\": 1\n \"b\": 2}", "1:8: expected ',' or '}' after this value"},
      {"[1 2]", "1:3: expected ',' or ']' after this value"},
      {"[1-2]", "1:3: expected ',' or ']' after this value"},
      {"{\"a\" 1}", "1:5: expected ':' and a value after this key"},
      {"{\"a\"; 1}", "1:5: expected ':' and a value after this key"},
      {"{\"a\": 1,\n}", "1:8: no comma may stand before the closing '}'"},
      {"[1, /* x */ ]", "1:3: no comma may stand before the closing ']'"},
      {"[1,,2]", "1:4: a value is missing before this ','"},
      {"[,1]", "1:2: a value is missing before this ','"},
      {"{,}", "1:2: a key is missing before this ','"},
      {"{\"a\":}", "1:6: a value is missing before this '}'"},
      {"{\"a\":1]", "1:7: expected '}' to close the '{' of line 1, not ']'"},
      {"{]", "1:2: expected '}' to close the '{' of line 1, not ']'"},
      {"[1}", "1:3: expected ']' to close the '[' of line 1, not '}'"},
      {"[}", "1:2: a value is missing before this '}'"},
      {"{name: 1}", "1:2: expected a key in double quotes"},
      {"{'a': 1}", "1:2: expected a key in double quotes"},
      {"{\"a\": 'b'}", "1:7: text stands in double quotes, not in single ones"},
      {"{\"a\": yes}", "1:7: \"yes\" is no value: text stands in double quotes"},
      {"{\"a\": True}",
       "1:7: \"True\" is no value: text stands in double quotes; did you mean \"true\"?"},
      {"{\"a\": flase}",
       "1:7: \"flase\" is no value: text stands in double quotes; did you mean \"false\"?"},
      {"{\"a\": @}",
       "1:7: expected a value: text in double quotes, a number, true, false, null, [ or {"},
      {"{\"a\": \"b", "1:7: this string is never closed: a \" is missing"},
      {"{\"a", "1:2: this string is never closed: a \" is missing"},
      {"{\"a\": \"b\n}", "1:7: this string is not closed in its line: a \" is missing"},
      {"{\"a\": \"b\\\nc\"}", "1:7: this string is not closed in its line: a \" is missing"},
      {"{\"a\": \"x\\d+\"}",
       "1:9: this is no escape sequence: a backslash is written \\\\, a character by its number "
       "\\u0041"},
      {"{\"a\": \"\\ud800 \"}",
       "1:8: this is no escape sequence: a backslash is written \\\\, a character by its number "
       "\\u0041"},
      {"{\"a\": \"\\u12\"}",
       "1:8: this is no escape sequence: a backslash is written \\\\, a character by its number "
       "\\u0041"},
      {"{\"a\": \"x\ty\"}", "1:9: a control character stands in a string as \\u0009"},
      {"[1.]", "1:2: this is no number: write it as in 12, -3 or 0.5"},
      {"[-]", "1:2: this is no number: write it as in 12, -3 or 0.5"},
      {"[1e999]", "1:2: the number 1e999 is too large"},
      {"{} {}", "1:4: nothing may follow the end of the configuration"},
      {"{}\n/* x", "2:1: this comment is never closed: end it with */"},
      {"{\"a\": /* x", "1:7: this comment is never closed: end it with */"},
      {"{ / }", "1:3: a comment begins with // or /*, not with a single slash"},
      {"{\"a\": 1, # x\n}", "1:10: expected a key in double quotes"},
      {"{\"a\": \"\xC3(\"}", "1:8: this byte is not UTF-8 text: save the file as UTF-8"},
      {"{} // \xFF", "1:7: this byte is not UTF-8 text: save the file as UTF-8"},
  }));
  INFO(text_and_error.text);
  CHECK(error_in(text_and_error.text) == text_and_error.error);
}

TEST_CASE("a NUL does not end the text in silence") {
  CHECK(error_in(std::string_view("{}\0garbage", 10)) ==
        "1:3: this byte is not UTF-8 text: save the file as UTF-8");
}

TEST_CASE("a key that its object has already is named with both its lines") {
  const auto parsed = parse_located("{\"a\": 1,\n \"b\": {\"a\": 1},\n \"a\": 2,\n\"a\": 3}");
  REQUIRE(parsed);
  REQUIRE(parsed->duplicates.size() == 2);
  CHECK(to_text(parsed->duplicates[0], "") ==
        ":3:2: \"a\" is here a second time; the first is in line 1");
  CHECK(parsed->duplicates[1].line == 4);
}

TEST_CASE("64 levels are deep enough, and deeper ones end the reading") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(error_in(nested(64)) == "none");
  CHECK(error_in(nested(65)) == "1:65: nothing may lie deeper than 64 levels");
  CHECK(error_in(std::string(1'000'000, '[')) == "1:65: nothing may lie deeper than 64 levels");
}

TEST_CASE("a text of more than a mebibyte is not parsed") {
  CHECK(error_in(std::string(kMostText, ' ')) != "the file is larger than 1024 KiB");
  CHECK(error_in(std::string(kMostText + 1, ' ')) == " the file is larger than 1024 KiB");
}
