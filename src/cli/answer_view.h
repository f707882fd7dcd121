// SPDX-License-Identifier: MIT
// What `build` and `wait` make of the daemon's answers. Pure.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/messages.h"
#include "base/exit_code.h"
#include "cli/output.h"

namespace poltergeist::cli {

// fresh 0; failed, blocked, stale 1; failed with all its retries 75; unknown 3.
[[nodiscard]] ExitCode exit_code_for(const api::TargetAnswer& answer);
// "Is all of it fresh and good?": the first no is a no; without one, one unknown leaves it open.
[[nodiscard]] ExitCode exit_code_for(const std::vector<api::TargetAnswer>& answers);

// "app: fresh, built in 1.2s" in one line, without its end.
[[nodiscard]] std::string answer_line(const api::TargetAnswer& answer, const Style& style);
// Behind a failure: its first errors, or the last lines of its output, where the log is, and `hint`
// unless that is empty. Whole lines.
[[nodiscard]] std::string failure_text(const api::TargetAnswer& answer,
                                       const std::string& hint = {});

// The answer as on the socket, and `status`, upstream's word for it: success or failure; else the
// answer itself.
[[nodiscard]] nlohmann::ordered_json answer_json(const api::TargetAnswer& answer);

}  // namespace poltergeist::cli
