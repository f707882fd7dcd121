// SPDX-License-Identifier: MIT
// The input of a task, as it is given on the command line.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/refusal.h"

namespace poltergeist::cli {

// `json`: a JSON object, "@file", or "-" for the standard input; empty: none. `pairs`: "key=value",
// texts that are set over it, in order. What is none of these is a wrong call.
[[nodiscard]] Attempt<nlohmann::json> execution_input(const std::string& json,
                                                      const std::vector<std::string>& pairs);

}  // namespace poltergeist::cli
