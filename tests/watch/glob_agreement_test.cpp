// SPDX-License-Identifier: MIT
// What the reader of configurations lets pass, the watcher compiles; what it refuses, the watcher
// refuses: nobody hears of a bad pattern after the configuration was said to be good.
#include <random>

#include <catch2/catch.hpp>

#include "config/glob_syntax.h"
#include "watch/rules.h"
#include "watch/selection.h"

using namespace poltergeist;

namespace {

constexpr const char* kPieces[] = {
    "a",   "b.c", "*",  "**",    "?",      "/",      "//",          "/./",      ".",  "..",
    "!",   "-",   "[",  "]",     "[a-z]",  "[!ab]",  "[[:alpha:]]", "[[:no:]]", "[]", "[^]]",
    "{",   "}",   ",",  "{a,b}", "{,x}",   "{..,y}", "{/z,w}",      "[{,}]",    "\\", "\\/",
    "\\[", "\\{", "[:", ":]",    "[a\\]]", "[/]",    "[z-a]",       "\xff"};

// Up to eight pieces one behind the other.
std::string pattern_of(std::mt19937& random) {
  std::string pattern;
  for (auto left = 1 + random() % 8; left > 0; --left) {
    pattern += kPieces[random() % std::size(kPieces)];
  }
  return pattern;
}

}  // namespace

TEST_CASE("the configuration and the watcher agree on which patterns can be meant") {
  std::mt19937 random(7);
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto pattern = pattern_of(random);
    const auto problem = config::problem_with_pattern(pattern);
    const auto compiled = watch::Selection::compile({pattern});
    INFO(pattern << ": " << problem.value_or("good") << "; "
                 << (compiled ? "compiles" : compiled.error().message));
    REQUIRE(compiled.has_value() == !problem.has_value());
    ++(problem ? refused : accepted);
  }
  CHECK(accepted > 2000);
  CHECK(refused > 2000);
}

TEST_CASE("a pattern that the configuration lets pass is a rule for the watcher, too") {
  std::mt19937 random(8);
  for (int i = 0; i < 20'000; ++i) {
    const auto pattern = pattern_of(random);
    if (config::problem_with_pattern(pattern)) continue;
    watch::Options options;
    options.gitignore = false;
    options.exclude_dirs = {pattern};
    options.rules = {{.pattern = pattern, .place = "here"}};
    const auto rules = watch::Rules::compile("/nowhere", options);
    INFO(pattern << ": " << (rules ? "compiles" : rules.error().message));
    REQUIRE(rules.has_value());
  }
}
