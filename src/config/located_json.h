// SPDX-License-Identifier: MIT
// JSON with // and /* */ comments as a tree in which every key and every value knows where it
// stands. At most 1 MiB and 64 levels deep; what is in the tree is valid UTF-8, in which an escape
// may have put a NUL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "config/problem.h"
#include "config/project.h"

namespace poltergeist::config {

inline constexpr std::size_t kMostText = std::size_t{1} << 20U;
inline constexpr std::size_t kMostDepth = 64;

struct Member;
struct Json;
using JsonArray = std::vector<Json>;
using JsonObject = std::vector<Member>;  // in the order written

struct Json {
  Place place;
  std::variant<std::nullptr_t, bool, double, std::string, JsonArray, JsonObject> value;

  // The value if it is of that type, else nothing.
  template <typename T>
  [[nodiscard]] const T* as() const {
    return std::get_if<T>(&value);
  }
};

struct Member {
  std::string key;
  Place place;  // of the key
  Json value;
};

// "a string", "an object": for messages.
[[nodiscard]] std::string_view kind_of(const Json& json);
// The text that it is; empty if it is none.
[[nodiscard]] const std::string& text_of(const Json& json);
// As JSON in one line, members in the order of their names; whole numbers without a fraction.
[[nodiscard]] std::string compact_text(const Json& json);
// The first member of that name.
[[nodiscard]] const Member* member_of(const JsonObject& object, std::string_view key);

struct LocatedJson {
  Json root;
  std::vector<Problem> duplicates;  // a key that its object already has, one each
};

[[nodiscard]] tl::expected<LocatedJson, Problem> parse_located(std::string_view text);

}  // namespace poltergeist::config
