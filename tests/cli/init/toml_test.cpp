// SPDX-License-Identifier: MIT
#include "cli/init/toml.h"

#include <array>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;
using nlohmann::json;

TEST_CASE("tables, arrays of tables and dotted keys become objects and lists") {
  const auto value = parse_toml(R"(
title = "x" # why
[a.b]
c.d = 1
"quoted key" = true
[[list]]
n = 1
[[list]]
n = 2
[list.inner]
deep = 'C:\raw'
)");
  REQUIRE(value);
  CHECK(*value == json::parse(R"({
    "title": "x",
    "a": {"b": {"c": {"d": 1}, "quoted key": true}},
    "list": [{"n": 1}, {"n": 2, "inner": {"deep": "C:\\raw"}}]
  })"));
}

TEST_CASE("values of every kind are read") {
  const auto value = parse_toml(
      "a = [1, 2.5,\n  # between\n  \"x\",\n]\r\n"
      "b = {k = \"v\", l.m = []}\n"
      "c = \"\"\"\nline\\\n   joined \\u00e9 \"\" end\"\"\"\n"
      "d = '''it's'''\n"
      "e = 1_000\nf = 1979-05-27T07:32:00Z\ng = 0x1F\n");
  REQUIRE(value);
  CHECK(*value == json::parse(R"({"a": [1, 2.5, "x"], "b": {"k": "v", "l": {"m": []}},
    "c": "linejoined é \"\" end", "d": "it's", "e": 1000,
    "f": "1979-05-27T07:32:00Z", "g": "0x1F"})"));
}

TEST_CASE("what is not TOML is refused with its line") {
  struct Case {
    const char* text;
    const char* message;
  };
  static constexpr auto kCases = std::to_array<Case>({
      {"a = ", "line 1: a value is missing"},
      {"a = 1\na = 2", "line 2: \"a\" is there twice"},
      {"\n[x", "line 2: ']' is missing"},
      {"a = \"x", "line 1: a string does not end"},
      {"a = [1", "line 1: ']' is missing"},
      {"a = 1 2\n= 3", "line 2: a key is missing"},
      {"a = \"\\q\"", "line 1: unknown escape \\q"},
      {"a = \"\\u12x4\"", "line 1: \\u needs hexadecimal digits"},
      {"a = '''x", "line 1: the text ends in the middle of a value"},
      {"a = \"x\" y", "line 1: something stands behind the value"},
      {"a = 1\n[a]", "line 2: \"a\" is a value and a table"},
      {"[a]\n[[a]]", "line 2: \"a\" is a table and an array of tables"},
  });
  for (const auto& [text, message] : kCases) {
    INFO(text);
    const auto value = parse_toml(text);
    REQUIRE_FALSE(value);
    CHECK(value.error().message == message);
  }
  const auto deep = parse_toml("a = " + std::string(100'000, '['));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().message == "line 1: values are nested too deeply");
}
