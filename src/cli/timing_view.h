// SPDX-License-Identifier: MIT
// What `poltergeist status --timing` shows: how long the steps of each target's builds take. Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "cli/output.h"

namespace poltergeist::cli {

// `targets` is what the daemon answered to `timing` (docs/protocol.md) under "targets": a table for
// each.
[[nodiscard]] std::string timing_text(const nlohmann::json& targets, const Style& style);

}  // namespace poltergeist::cli
