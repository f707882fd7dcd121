// SPDX-License-Identifier: MIT
// Reading what others wrote: package.json, and Cargo.toml as JSON. Nothing is taken for granted.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace poltergeist::cli {

// "" if `object` is none, has no such key, or holds something else there.
[[nodiscard]] std::string string_at(const nlohmann::json& object, const char* key);

}  // namespace poltergeist::cli
