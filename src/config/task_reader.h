// SPDX-License-Identifier: MIT
// `tasks` and `worker`, read and checked.
#pragma once

#include <vector>

#include "config/keys.h"
#include "config/located_json.h"
#include "config/names.h"
#include "config/project.h"
#include "config/reading.h"

namespace poltergeist::config {

[[nodiscard]] Worker read_worker(const Section& section, const Json& json, Reading& reading);
// Those that name no queue are in the worker's.
[[nodiscard]] std::vector<Task> read_tasks(const Section& section, const JsonArray& list,
                                           const Worker& worker, Reading& reading);
// Each name that a hook gives must be that of a task.
void check_named_tasks(const std::vector<PlacedName>& named, const Project& project,
                       Reading& reading);

}  // namespace poltergeist::config
