// SPDX-License-Identifier: MIT
// What `poltergeist status` shows. Pure: the document is what the daemon answered to `status`
// (docs/protocol.md), or what the state files say when there is none.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/time.h"
#include "cli/output.h"

namespace poltergeist::cli {

enum class Detail { Short, Verbose };

// Lines about the daemon, then a table of the targets.
[[nodiscard]] std::string status_text(const nlohmann::json& document, WallTime now, Detail detail,
                                      const Style& style);

// The keys of upstream's `status --json`: each target at the top level, the rest behind "_". With
// `only`, that target and nothing of the others.
[[nodiscard]] nlohmann::ordered_json status_json(const nlohmann::json& document,
                                                 const std::string& only);

// One word for where a target stands: building, fresh, stale, failed, blocked, disabled, …
[[nodiscard]] std::string standing_word(const nlohmann::json& target);

// "just now", "12s ago", "3m ago", "5h ago", "6d ago"; "" for a text that is no time.
[[nodiscard]] std::string age_text(std::string_view iso8601, WallTime now);

}  // namespace poltergeist::cli
