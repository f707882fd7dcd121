// SPDX-License-Identifier: MIT
// `exitCodes` of a target or a task.
#pragma once

#include "config/fields.h"
#include "config/project.h"
#include "config/reading.h"

namespace poltergeist::config {

// `fields` are those of a `parent`.
[[nodiscard]] ExitCodes read_exit_codes(const Section& parent, const Fields& fields,
                                        Reading& reading);

}  // namespace poltergeist::config
