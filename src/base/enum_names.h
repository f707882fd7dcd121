// SPDX-License-Identifier: MIT
// One table per enum: the same names print it, parse it, complete it and document it.
// The table is a constexpr std::array of EnumName next to the enum; enumerators that reach disk or
// wire go by these names, never by number.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace poltergeist {

template <typename E>
struct EnumName {
  E value;
  std::string_view name;
};

// The name of a value that its table is known to hold; "?" only if the table is incomplete (a bug).
template <typename E, std::size_t N>
[[nodiscard]] constexpr std::string_view name_in(const std::array<EnumName<E>, N>& table, E value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return "?";
}

template <typename E, std::size_t N>
[[nodiscard]] constexpr std::optional<E> value_in(const std::array<EnumName<E>, N>& table,
                                                  std::string_view name) {
  for (const auto& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

// "a, b or c", for messages.
template <typename E, std::size_t N>
[[nodiscard]] std::string names_in(const std::array<EnumName<E>, N>& table) {
  std::string text;
  for (std::size_t i = 0; i < N; ++i) {
    if (i > 0) text += i + 1 == N ? " or " : ", ";
    text += table[i].name;
  }
  return text;
}

}  // namespace poltergeist
