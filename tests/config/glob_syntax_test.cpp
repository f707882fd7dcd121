// SPDX-License-Identifier: MIT
#include "config/glob_syntax.h"

#include <catch2/catch.hpp>

using namespace poltergeist::config;

TEST_CASE("every pattern that can be meant is accepted") {
  for (const auto* pattern :
       {"src",     "src/",   "./src", ".",    "**/*.c", "src/**", "*.{c,h}", "{a,{b,c}}/x",
        "[abc].c", "[!a-z]", "[]a]",  "[^]]", "[\\]]",  "a}b",    "a]b",     "!build/**",
        "\\[x",    "a\\\\",  "{a}",   "{,x}", "..a",    "a..",    "{a,b",    "!"}) {
    INFO(pattern);
    const std::string_view text(pattern);
    const bool impossible = text == "{a,b" || text == "!";
    CHECK(problem_with_glob(pattern).has_value() == impossible);
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
      {"a\\", "ends in a backslash: one in a name is written \\\\\\\\"},
  }));
  INFO(pattern);
  CHECK(problem_with_glob(pattern) == std::string(problem));
}

TEST_CASE("braces multiply side by side and add inside each other, up to 1024") {
  const std::string four = "{a,b,c,d}";
  CHECK_FALSE(problem_with_glob(four + four + four + four + four));
  CHECK(problem_with_glob(four + four + four + four + four + "{a,b}") ==
        std::string("stands for more than 1024 patterns"));
  CHECK_FALSE(problem_with_glob("{" + four + four + "," + four + four + "}"));
  std::string bomb;
  for (int i = 0; i < 400; ++i) bomb += "{a,b}";
  CHECK(problem_with_glob(bomb).has_value());
  CHECK(problem_with_glob(std::string(500, '{') + std::string(500, '}')) ==
        std::string("has too many { inside each other"));
}
