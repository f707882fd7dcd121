// SPDX-License-Identifier: MIT
// How a target's program is kept running, as its configuration has it.
#pragma once

#include "config/fields.h"
#include "config/project.h"

namespace poltergeist::config {

[[nodiscard]] AutoRun read_auto_run(const Section& section, const Json& json, Reading& reading);

// Whether there is anything to start; reported at `place` if not.
void check_startable(const Target& target, Place place, Reading& reading);

}  // namespace poltergeist::config
