// SPDX-License-Identifier: MIT
#include "process/tool_variables.h"

#include <catch2/catch.hpp>

using namespace poltergeist::process;
using Names = std::vector<std::string>;

TEST_CASE("tool variables are told by a digest, and nothing else of an environment is") {
  const auto variables =
      tool_variables({"PATH=/usr/bin:/bin", "HOME=/home/me", "API_TOKEN=secret", "CC=", "CXX=c++"});
  CHECK(variables.size() == 2);
  CHECK(variables.at("PATH").size() == 8);
  CHECK(variables.at("PATH") == tool_variables({"PATH=/usr/bin:/bin"}).at("PATH"));
  CHECK(variables.at("PATH") != tool_variables({"PATH=/usr/bin"}).at("PATH"));
}

TEST_CASE("what differs is what is set otherwise, or in one of two environments only") {
  const auto one = tool_variables({"PATH=/a", "VIRTUAL_ENV=/v", "CC=gcc", "LANG=C"});
  const auto other = tool_variables({"PATH=/b", "CC=gcc", "JAVA_HOME=/j", "LANG=C"});
  CHECK(differing(one, other) == Names{"JAVA_HOME", "PATH", "VIRTUAL_ENV"});
  CHECK(differing(other, one) == differing(one, other));
  CHECK(differing(one, one).empty());
  CHECK(differing({}, tool_variables({"PATH=/a"})) == Names{"PATH"});
}

TEST_CASE("a daemon that does not say what it has differs in nothing") {
  CHECK(differing_from_own({}).empty());
  CHECK(differing_from_own({{"PATH", "00000000"}}) != Names{});
}

TEST_CASE("a difference is told with the names, a few of them, and what to do") {
  CHECK(difference_text({}).empty());
  const auto text = difference_text({"A", "B", "C", "D", "E", "F"});
  CHECK(text.find("other values of A, B, C, D, 2 more than this shell") != std::string::npos);
  CHECK(text.find("`poltergeist restart`") != std::string::npos);
}
