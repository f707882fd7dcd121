// SPDX-License-Identifier: MIT
#include "config/glob_syntax.h"

#include <catch2/catch.hpp>

using namespace poltergeist::config;

TEST_CASE("every pattern that can be meant is accepted") {
  for (const auto* pattern :
       {"src",         "src/",      "./src",  ".",     "**/*.c", "src/**", "*.{c,h}",
        "{a,{b,c}}/x", "[abc].c",   "[!a-z]", "[]a]",  "[^]]",   "[\\]]",  "a}b",
        "a]b",         "!build/**", "\\[x",   "a\\\\", "{a}",    "{,x}",   "[{,}]",
        "x{,../}y",    "..a",       "a..",    "{a,b",  "!"}) {
    INFO(pattern);
    const std::string_view text(pattern);
    const bool impossible = text == "{a,b" || text == "!";
    CHECK(problem_with_pattern(pattern).has_value() == impossible);
  }
}

TEST_CASE("an impossible pattern is told why") {
  struct Case {
    const char* pattern;
    const char* problem;
  };
  const auto [pattern, problem] = GENERATE(values<Case>({
      {"", "names nothing"},
      {"!", "names nothing"},
      {"[a", "has a [ without ]"},
      {"[]", "has a [ without ]"},
      {"[!]", "has a [ without ]"},
      {"[a\\]", "has a [ without ]"},
      {"{a,b", "has a { without }"},
      {"{a,{b}", "has a { without }"},
      {"{a\\}", "has a { without }"},
      {"{[}]", "has a { without }"},
      {"/etc/*", "is absolute: patterns are relative to the project's root"},
      {"!/etc", "is absolute: patterns are relative to the project's root"},
      {"../x", "leaves the project's root, and nothing there is watched"},
      {"a/../b", "leaves the project's root, and nothing there is watched"},
      {"a/..", "leaves the project's root, and nothing there is watched"},
      {"{..,a}/b", "leaves the project's root, and nothing there is watched"},
      {"a/{b,../..}", "leaves the project's root, and nothing there is watched"},
      {"{a,/etc}", "is absolute: patterns are relative to the project's root"},
      {"\\/etc", "is absolute: patterns are relative to the project's root"},
      {"[[:nonsense:]]", "names a class in [ ] that is unknown"},
      {"a\\", "ends in a backslash: one in a name is written \\\\\\\\"},
  }));
  INFO(pattern);
  CHECK(problem_with_pattern(pattern) == std::string(problem));
}

TEST_CASE("a pattern may be deep, but not without end") {
  const auto deep = [](int parts) {
    std::string pattern = "a";
    for (int i = 1; i < parts; ++i) pattern += "/./a";
    return pattern;
  };
  CHECK_FALSE(problem_with_pattern(deep(60)));
  CHECK(problem_with_pattern(deep(61)) == std::string("is more than 60 directories deep"));
  CHECK(problem_with_pattern(deep(60) + "/") == std::string("is more than 60 directories deep"));
  CHECK_FALSE(problem_with_pattern(std::string(4096, 'a')));
  CHECK(problem_with_pattern(std::string(4097, 'a')) ==
        std::string("is longer than 4096 characters"));
}

TEST_CASE("braces multiply side by side and add inside each other, up to 1024") {
  const std::string four = "{a,b,c,d}";
  CHECK_FALSE(problem_with_pattern(four + four + four + four + four));
  CHECK(problem_with_pattern(four + four + four + four + four + "{a,b}") ==
        std::string("stands for more than 1024 patterns"));
  CHECK_FALSE(problem_with_pattern("{" + four + four + "," + four + four + "}"));
  std::string bomb;
  for (int i = 0; i < 400; ++i) bomb += "{a,b}";
  CHECK(problem_with_pattern(bomb).has_value());
  CHECK(problem_with_pattern(std::string(500, '{') + std::string(500, '}')) ==
        std::string("has too many { inside each other"));
}
