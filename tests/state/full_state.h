// SPDX-License-Identifier: MIT
#pragma once

#include "state/target_state.h"

namespace poltergeist::state {

// Every member has a value that is not its default.
[[nodiscard]] TargetState full_state();

}  // namespace poltergeist::state
