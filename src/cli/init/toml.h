// SPDX-License-Identifier: MIT
// Manifests in TOML (Cargo.toml, pyproject.toml) as JSON values. Reads TOML 1.0; dates and times
// become strings, since no manifest key that we ask for has one.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace poltergeist::cli {

// Errors: Errc::Invalid with the line: "line 3: a value is missing".
[[nodiscard]] Result<nlohmann::json> parse_toml(std::string_view text);

}  // namespace poltergeist::cli
