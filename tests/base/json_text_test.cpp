// SPDX-License-Identifier: MIT
#include "base/json_text.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace poltergeist;

TEST_CASE("JSON is read, and what is none is nothing") {
  CHECK(json_of(R"({"a": [1, null]})") == nlohmann::json{{"a", {1, nullptr}}});
  CHECK(json_of("7") == nlohmann::json(7));
  for (const auto* text : {"", " ", "{", "{]", "nul", "1 2", "\xff", "'a'"}) {
    CAPTURE(text);
    CHECK_FALSE(json_of(text).has_value());
  }
}

TEST_CASE("JSON that nests deeper than anybody can walk is nothing") {
  const auto nested = [](int depth) {
    const auto size = static_cast<std::size_t>(depth);
    return std::string(size, '[') + std::string(size, ']');
  };
  CHECK(json_of(nested(kDeepestJson)).has_value());
  CHECK_FALSE(json_of(nested(kDeepestJson + 2)).has_value());
  CHECK_FALSE(json_of(nested(1'000'000)).has_value());
}
