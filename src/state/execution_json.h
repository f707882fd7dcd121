// SPDX-License-Identifier: MIT
// Executions as they are sent and shown.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "state/executions.h"

namespace poltergeist::state {

enum class Detail {
  Line,   // one of a list
  Brief,  // its input and its result too, of each stream of its output the end
  Whole   // all of it
};

// {id, task, queue, status, attempt, trigger, queuedAt, startedAt?, endedAt?, retryAt?, outcome?,
// failureKind?, input?, result?}
[[nodiscard]] nlohmann::json to_json(const ExecutionEntry& entry, Detail detail);

}  // namespace poltergeist::state
