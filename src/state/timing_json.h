// SPDX-License-Identifier: MIT
// The ledger of a build as JSON: `at`, and for each stage that was reached the milliseconds since
// the first one, to the microsecond. One form for state files, the history and the socket.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "base/timing.h"

namespace poltergeist::state {

[[nodiscard]] nlohmann::ordered_json to_json(const Timing& timing);
// A stage that is no time is absent. Nothing for what has no stage or no `at`, or goes backwards.
[[nodiscard]] std::optional<Timing> timing_from(const nlohmann::json& object);

}  // namespace poltergeist::state
