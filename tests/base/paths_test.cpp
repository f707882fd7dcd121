// SPDX-License-Identifier: MIT
#include "base/paths.h"

#include <catch2/catch.hpp>

using poltergeist::RelPath;

TEST_CASE("a relative path is normalised when it is read") {
  CHECK(RelPath::parse("./a//b/")->text() == "a/b");
  CHECK(RelPath::parse("a/./b/../c")->text() == "a/c");
  CHECK(RelPath::parse("")->is_root());
  CHECK(RelPath::parse(".")->is_root());
}

TEST_CASE("a path that leaves the root is no relative path") {
  CHECK_FALSE(RelPath::parse("/etc/passwd"));
  CHECK_FALSE(RelPath::parse("../x"));
  CHECK_FALSE(RelPath::parse("a/../../x"));
}

TEST_CASE("a path below the root is told from one beside it") {
  CHECK(RelPath::below("/p", "/p/a/b")->text() == "a/b");
  CHECK(RelPath::below("/p", "/p")->is_root());
  CHECK(RelPath::below("/", "/a")->text() == "a");
  CHECK_FALSE(RelPath::below("/p", "/pq/a"));
}

TEST_CASE("a directory contains itself and what is below it, not its neighbours") {
  const auto src = *RelPath::parse("src");
  CHECK(src.is_within(src));
  CHECK(RelPath::parse("src/a.c")->is_within(src));
  CHECK_FALSE(RelPath::parse("src2/a.c")->is_within(src));
  CHECK(src.is_within(RelPath()));
}

TEST_CASE("parent, name and child undo each other") {
  const auto path = RelPath().child("a").child("b.c");
  CHECK(path.text() == "a/b.c");
  CHECK(path.name() == "b.c");
  CHECK(path.parent().text() == "a");
  CHECK(path.parent().parent().is_root());
  CHECK(path.under("/p") == "/p/a/b.c");
}
