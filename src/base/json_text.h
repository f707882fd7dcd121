// SPDX-License-Identifier: MIT
// JSON that somebody else wrote.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace poltergeist {

// What nests deeper is refused before anybody walks it: those who do recurse.
inline constexpr int kDeepestJson = 64;

// The value, or nothing for what is no JSON or nests deeper than kDeepestJson. Never throws.
[[nodiscard]] std::optional<nlohmann::json> json_of(std::string_view text);

}  // namespace poltergeist
