// SPDX-License-Identifier: MIT
#include "base/last_net.h"

#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

using namespace poltergeist;

namespace {

struct Caught {
  int code = 0;
  std::string said;
};

Caught caught_from(const std::function<int()>& act) {
  Caught caught;
  caught.code = with_last_net(act, [&](std::string_view message) { caught.said += message; });
  return caught;
}

}  // namespace

TEST_CASE("what throws nothing returns what it returns, in silence") {
  const auto caught = caught_from([] { return 4; });
  CHECK(caught.code == 4);
  CHECK(caught.said.empty());
}

TEST_CASE("an exception that nobody expected is 70, with what it says and what to do about it") {
  const auto caught = caught_from([]() -> int { throw std::runtime_error("no \x1b[31mghost"); });
  CHECK(caught.code == 70);
  CHECK(caught.said.find("this is a bug of ours: no ") == 0);
  CHECK(caught.said.find("Please report it") != std::string::npos);
  CHECK(caught.said.find('\x1b') == std::string::npos);
}

TEST_CASE("whatever else is thrown is 70 as well") {
  const auto caught = caught_from([]() -> int { throw 7; });
  CHECK(caught.code == 70);
  CHECK(caught.said.find("a bug of ours") != std::string::npos);
}
