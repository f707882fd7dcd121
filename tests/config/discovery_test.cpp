// SPDX-License-Identifier: MIT
#include "config/discovery.h"

#include <catch2/catch.hpp>

using namespace poltergeist::config;
using Paths = std::vector<std::filesystem::path>;

TEST_CASE("the nearest configuration upwards comes first, the root of the file system last") {
  CHECK(candidates_for("/a/b") == Paths{"/a/b/poltergeist.config.json",
                                        "/a/poltergeist.config.json", "/poltergeist.config.json"});
  CHECK(candidates_for("/a/./x/../b/") == candidates_for("/a/b"));
  CHECK(candidates_for("/") == Paths{"/poltergeist.config.json"});
}

TEST_CASE("a name that ends in .json is that file alone, whatever it is called") {
  CHECK(candidates_for("/a", "other.json") == Paths{"/a/other.json"});
  CHECK(candidates_for("/a", "../b/x.json") == Paths{"/b/x.json"});
  CHECK(candidates_for("/a", "/etc/x.json") == Paths{"/etc/x.json"});
}

TEST_CASE("any other name is where the way upwards begins") {
  CHECK(candidates_for("/a", "b") == candidates_for("/a/b"));
  CHECK(candidates_for("/a", "..") == candidates_for("/"));
  CHECK(candidates_for("/a", "/x/y") == candidates_for("/x/y"));
  CHECK(candidates_for("/a", "") == candidates_for("/a"));
}
