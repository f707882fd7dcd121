// SPDX-License-Identifier: MIT
#include "state/json_reading.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace poltergeist::state {

namespace {

// Beyond this a double does not hold every whole number.
constexpr double kMostExact = 9007199254740992.0;

}  // namespace

std::optional<nlohmann::json> parse_json(std::string_view text) {
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

const nlohmann::json* member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> text_in(const nlohmann::json& object, const char* key) {
  const auto* value = member(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::optional<bool> flag_in(const nlohmann::json& object, const char* key) {
  const auto* value = member(object, key);
  if (value == nullptr || !value->is_boolean()) return std::nullopt;
  return value->get<bool>();
}

std::optional<std::int64_t> whole_in(const nlohmann::json& object, const char* key) {
  const auto* value = member(object, key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (number > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value->is_number_integer()) return value->get<std::int64_t>();
  if (!value->is_number_float()) return std::nullopt;
  const double number = value->get<double>();
  if (!(std::fabs(number) <= kMostExact) || std::trunc(number) != number) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<int> int_in(const nlohmann::json& object, const char* key) {
  const auto number = whole_in(object, key);
  if (!number || *number < std::numeric_limits<int>::min() ||
      *number > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

std::uint64_t count_in(const nlohmann::json& object, const char* key) {
  const auto number = whole_in(object, key);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<WallTime> time_in(const nlohmann::json& object, const char* key) {
  const auto text = text_in(object, key);
  return text ? from_iso8601(*text) : std::nullopt;
}

std::optional<Milliseconds> ms_in(const nlohmann::json& object, const char* key) {
  // No build takes a year: what does would only overflow the sums that are made of it.
  constexpr std::int64_t kMost = std::int64_t{366} * 24 * 3600 * 1000;
  const auto number = whole_in(object, key);
  if (!number || *number < 0 || *number > kMost) return std::nullopt;
  return Milliseconds(*number);
}

std::vector<std::string> texts_in(const nlohmann::json& object, const char* key, std::size_t most) {
  std::vector<std::string> texts;
  const auto* value = member(object, key);
  if (value == nullptr || !value->is_array()) return texts;
  for (const auto& text : *value) {
    if (texts.size() == most) break;
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

}  // namespace poltergeist::state
