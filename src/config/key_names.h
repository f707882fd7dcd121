// SPDX-License-Identifier: MIT
// What the parts of the table share: choices from enum tables, and bounds.
#pragma once

#include <array>
#include <string_view>

namespace poltergeist::config {

// The names of an enum table, as choices.
template <const auto& Table>
constexpr auto names_of() {
  std::array<std::string_view, Table.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = Table[i].name;
  return names;
}
template <const auto& Table>
inline constexpr auto kNames = names_of<Table>();

template <typename... Names>
constexpr auto choices(Names... names) {
  return std::array<std::string_view, sizeof...(names)>{names...};
}

// A week: longer than anything that is waited for, short enough that no sum of durations overflows.
inline constexpr double kMostSeconds = 604'800;
inline constexpr double kDay = 86'400;
inline constexpr double kMostMilliseconds = kMostSeconds * 1000;

}  // namespace poltergeist::config
