// SPDX-License-Identifier: MIT
#include "watch/glob.h"

#include <catch2/catch.hpp>

#include "watch/selection.h"

using namespace poltergeist;
using namespace poltergeist::watch;

namespace {

bool matches(std::string_view pattern, std::string_view path, Hidden hidden = Hidden::MustBeNamed) {
  const auto glob = Glob::parse(pattern, hidden);
  REQUIRE(glob);
  return glob->matches(RelPath::parse(path).value());
}

struct Case {
  const char* pattern;
  const char* path;
  bool expected;
};

}  // namespace

TEST_CASE("a pattern means the paths that its table says") {
  const Case cases[] = {
      {"src/main.c", "src/main.c", true},
      {"src/main.c", "src/main.cc", false},
      {"./src/main.c", "src/main.c", true},
      {"src//./main.c", "src/main.c", true},
      // One name at a time.
      {"src/*.c", "src/a.c", true},
      {"src/*.c", "src/sub/a.c", false},
      {"*.c", "a.c", true},
      {"*.c", "src/a.c", false},
      {"src/?.c", "src/a.c", true},
      {"src/?.c", "src/ab.c", false},
      {"a*b*c", "abbbc", true},
      {"a*b*c", "abbbd", false},
      {"*a*a*b", "aaaaab", true},
      // Directories.
      {"**/*.c", "a.c", true},
      {"**/*.c", "x/y/a.c", true},
      {"src/**/*.c", "src/a.c", true},
      {"src/**/*.c", "src/x/y/a.c", true},
      {"src/**/*.c", "lib/a.c", false},
      {"src/**", "src/x/y/a.c", true},
      {"src/**", "src", false},
      {"**", "a", true},
      {"**", "a/b/c", true},
      {"a/**/b/**/c", "a/b/c", true},
      {"a/**/b/**/c", "a/x/b/y/z/c", true},
      {"a/**/b/**/c", "a/x/c", false},
      {"**/a/**/a/b", "a/a/a/b", true},
      {"a**b", "axxb", true},
      {"a**b", "ax/xb", false},
      // A plain directory is everything below it.
      {"src", "src", true},
      {"src", "src/x/y.c", true},
      {"src/", "src/x/y.c", true},
      {"src/", "src", false},
      {"src", "srcs/a.c", false},
      {".", "a/b", true},
      // Sets.
      {"[a-c]x", "bx", true},
      {"[a-c]x", "dx", false},
      {"[!a-c]x", "dx", true},
      {"[^a-c]x", "ax", false},
      {"[]x]", "]", true},
      {"[a-]", "-", true},
      {"[[:digit:]]", "7", true},
      {"[[:digit:]]", "x", false},
      {"[\\]]", "]", true},
      {"a[/]b", "a/b", false},
      {"\\*", "*", true},
      {"\\*", "x", false},
      // Braces.
      {"*.{c,h}", "a.h", true},
      {"*.{c,h}", "a.x", false},
      {"{src,lib}/**/*.{c,{h,hh}}", "lib/x/a.hh", true},
      {"{a,b}", "b/below", true},
      {"x{,y}", "x", true},
      {"x{,y}", "xy", true},
      {"{a}", "{a}", true},
      {"\\{a,b\\}", "{a,b}", true},
      // Hidden names.
      {"*", ".env", false},
      {"?env", ".env", false},
      {"[.]env", ".env", false},
      {".*", ".env", true},
      {".env", ".env", true},
      {"**", ".git/config", false},
      {"**/*.c", ".hidden/a.c", false},
      {"src", "src/.hidden", false},
      {"src", "src/.h/a.c", false},
      {".github/**", ".github/workflows/ci.yml", true},
      {"**/.env", "a/.env", true},
      {"**/.h/**/x", "a/.h/b/x", true},
      {"**/.h/**/x", "a/.h/b/.h/x", false},
      // Bytes.
      {"\xff*", "\xff\xfe", true},
      {"?", "\xc3", true},
      {"a\nb", "a\nb", true},
  };
  for (const auto& [pattern, path, expected] : cases) {
    INFO(pattern << " on " << path);
    CHECK(matches(pattern, path) == expected);
  }
}

TEST_CASE("a pattern for exclusion matches hidden names as well") {
  CHECK(matches("**/*.swp", ".a.swp", Hidden::Matched));
  CHECK(matches("build", "build/.cache/x", Hidden::Matched));
}

TEST_CASE("a pattern that can match nothing below the root is refused with its reason") {
  for (const auto* bad : {"", "/etc/passwd", "../x", "a/../../b", "[a", "[[:nonsense:]]", "a\\"}) {
    INFO(bad);
    const auto glob = Glob::parse(bad);
    REQUIRE_FALSE(glob);
    CHECK(glob.error().code == Errc::Invalid);
    CHECK_FALSE(glob.error().message.empty());
  }
  CHECK_FALSE(Glob::parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"));
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += "/a";
  CHECK_FALSE(Glob::parse(deep));
}

TEST_CASE("matching stays fast for patterns that make others explode") {
  std::string stars;
  std::string directories;
  for (int i = 0; i < 50; ++i) stars += "*a";
  for (int i = 0; i < 29; ++i) directories += "**/a/";
  CHECK_FALSE(matches(stars + "b", std::string(250, 'a')));
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "a/";
  CHECK_FALSE(matches(directories + "b", path + "c"));
}

TEST_CASE("a pattern knows the directory that it begins in") {
  const auto prefix = [](std::string_view text) {
    return Glob::parse(text).value().literal_prefix().text();
  };
  CHECK(prefix("src/lib/**/*.c") == "src/lib");
  CHECK(prefix("src/*.c") == "src");
  CHECK(prefix("**/*.c").empty());
  CHECK(prefix("src/{ab/x,ac/x}/y") == "src");
  CHECK(prefix("{src/a,src/b}/*.c") == "src");
  CHECK(prefix("{src,srcs}/*.c").empty());
  CHECK(Glob::parse("src/a.c").value().literal() == RelPath::parse("src/a.c"));
  CHECK_FALSE(Glob::parse("src/*.c").value().literal());
  CHECK(Glob::parse("a\\*").value().literal() == RelPath::parse("a*"));
}

TEST_CASE("the last entry that matches decides what a target watches") {
  const auto selection =
      Selection::compile({"src/**", "!src/gen", "src/gen/keep.c", "Makefile"}).value();
  const auto claims = [&](std::string_view path) {
    return selection.claims(RelPath::parse(path).value()).value_or("");
  };
  CHECK(claims("src/a.c") == "src/**");
  CHECK(claims("src/gen/a.c").empty());
  CHECK(claims("src/gen/keep.c") == "src/gen/keep.c");
  CHECK(claims("Makefile") == "Makefile");
  CHECK(claims("other").empty());
  CHECK(selection.names_exactly(RelPath::parse("src/gen/keep.c").value()));
  CHECK_FALSE(selection.names_exactly(RelPath::parse("src/a.c").value()));
}

TEST_CASE("a target's directories are those that may hold something for it") {
  const auto selection = Selection::compile({"src/*/x.c", "lib", "!lib/old", "a/b/c.txt"}).value();
  const auto may = [&](std::string_view path) {
    return selection.may_contain(RelPath::parse(path).value());
  };
  CHECK(may(""));
  CHECK(may("src"));
  CHECK(may("src/any"));
  CHECK_FALSE(may("src/any/deeper"));
  CHECK_FALSE(may("src/.hidden"));
  CHECK(may("lib/x/y"));
  CHECK_FALSE(may("lib/old"));
  CHECK_FALSE(may("lib/old/x"));
  CHECK(may("a/b"));
  CHECK_FALSE(may("a/c"));
  CHECK(selection.names_below(RelPath::parse("a").value()));
  CHECK_FALSE(selection.names_below(RelPath::parse("src").value()));
}
