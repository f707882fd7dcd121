// SPDX-License-Identifier: MIT
#include "tasks/set_values.h"

#include <catch2/catch.hpp>

using poltergeist::tasks::SetValues;

TEST_CASE("the last value of a name counts") {
  SetValues values;
  CHECK(values.set("version", "1"));
  CHECK(values.set("version", "2"));
  CHECK(values.values() == std::map<std::string, std::string>{{"version", "2"}});
}

TEST_CASE("no more names are kept than there may be, and those that are there can be set again") {
  SetValues values;
  for (std::size_t i = 0; i < SetValues::kMostKeys; ++i) {
    REQUIRE(values.set("key" + std::to_string(i), "x"));
  }
  CHECK_FALSE(values.set("one-more", "x"));
  CHECK(values.set("key7", "y"));
  CHECK(values.values().size() == SetValues::kMostKeys);
}

TEST_CASE("no more bytes are kept than there may be, however often a name is set") {
  SetValues values;
  const std::string large(SetValues::kMostBytes - 10, 'x');
  for (int i = 0; i < 100; ++i) CHECK(values.set("large", large));
  CHECK_FALSE(values.set("other", "0123456789"));
  CHECK_FALSE(values.values().contains("other"));
  CHECK(values.set("large", "small"));
  CHECK(values.set("other", "0123456789"));
}
