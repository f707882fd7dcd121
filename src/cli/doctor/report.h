// SPDX-License-Identifier: MIT
// How `poltergeist doctor` shows what it found (docs/cli.md). Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/messages.h"
#include "cli/doctor/findings.h"
#include "cli/output.h"

namespace poltergeist::cli::doctor {

enum class ShowEvents { No, Yes };

// A section per kind of thing, then what to do about each finding that is not ok.
[[nodiscard]] std::string to_text(const Facts& facts, const std::vector<Finding>& findings,
                                  ShowEvents events, const Style& style);
[[nodiscard]] nlohmann::ordered_json to_json(const Facts& facts,
                                             const std::vector<Finding>& findings);

}  // namespace poltergeist::cli::doctor
