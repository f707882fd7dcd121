// SPDX-License-Identifier: MIT
// Members of a JSON object that somebody else may have written: one that is missing or has the
// wrong type or an impossible value is absent. Nothing here throws.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/enum_names.h"
#include "base/time.h"

namespace poltergeist::state {

// The document, or nothing for what is no JSON.
[[nodiscard]] std::optional<nlohmann::json> parse_json(std::string_view text);

// Null for what is no object, or has no such member.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& object, const char* key);

[[nodiscard]] std::optional<std::string> text_in(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<bool> flag_in(const nlohmann::json& object, const char* key);
// A whole number, also one that was written with a fraction of zero.
[[nodiscard]] std::optional<std::int64_t> whole_in(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<int> int_in(const nlohmann::json& object, const char* key);
// A whole number that is not negative; 0 if there is none.
[[nodiscard]] std::uint64_t count_in(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<WallTime> time_in(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<Milliseconds> ms_in(const nlohmann::json& object, const char* key);
// The first `most` texts of an array; what is no text is left out.
[[nodiscard]] std::vector<std::string> texts_in(const nlohmann::json& object, const char* key,
                                                std::size_t most);

template <typename E, std::size_t N>
[[nodiscard]] std::optional<E> name_value_in(const nlohmann::json& object, const char* key,
                                             const std::array<EnumName<E>, N>& table) {
  const auto text = text_in(object, key);
  return text ? value_in(table, *text) : std::nullopt;
}

}  // namespace poltergeist::state
