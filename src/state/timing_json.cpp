// SPDX-License-Identifier: MIT
#include "state/timing_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "state/json_reading.h"

namespace poltergeist::state {

namespace {

constexpr double kPerMillisecond = 1000.0;
// No build takes a year (json_reading.cpp).
constexpr double kMostMs = 366.0 * 24 * 3600 * 1000;

std::optional<Microseconds> microseconds_in(const nlohmann::json& object, std::string_view key) {
  const auto* value = member(object, key.data());
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->get<double>();
  if (!(number >= 0 && number <= kMostMs)) return std::nullopt;
  return Microseconds(std::llround(number * kPerMillisecond));
}

}  // namespace

nlohmann::ordered_json to_json(const Timing& timing) {
  nlohmann::ordered_json object;
  object["at"] = to_iso8601(timing.at);
  for (const auto& [stage, name] : kStages) {
    if (const auto after = timing[stage]) {
      object[name] = static_cast<double>(after->count()) / kPerMillisecond;
    }
  }
  return object;
}

std::optional<Timing> timing_from(const nlohmann::json& object) {
  const auto at = time_in(object, "at");
  if (!at) return std::nullopt;
  Timing timing{.at = *at};
  std::optional<Microseconds> latest;
  for (const auto& [stage, name] : kStages) {
    const auto after = microseconds_in(object, name);
    if (!after) continue;
    if (latest && *after < *latest) return std::nullopt;
    latest = timing.after.at(static_cast<std::size_t>(stage)) = after;
  }
  return latest ? std::optional(timing) : std::nullopt;
}

}  // namespace poltergeist::state
