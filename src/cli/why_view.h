// SPDX-License-Identifier: MIT
// What `poltergeist why` makes of the daemon's answers (docs/protocol.md). Pure.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"

namespace poltergeist::cli {

// Which targets a path belongs to, or the rule that keeps it out.
[[nodiscard]] std::string why_path_text(const nlohmann::json& answer);
// What made a target's last build start, and what holds the next one back.
[[nodiscard]] std::string why_target_text(const nlohmann::json& answer, WallTime now);

}  // namespace poltergeist::cli
