// SPDX-License-Identifier: MIT
// What the ledger of a build begins with.
#pragma once

#include "base/timing.h"
#include "build/verdict.h"

namespace poltergeist::build {

// The stages up to the queue. A build that no change asked for begins with the queue. `now` and
// `wall` are one moment on both clocks.
[[nodiscard]] StageClock stages_before(const Why& why, Instant now, WallTime wall);

}  // namespace poltergeist::build
