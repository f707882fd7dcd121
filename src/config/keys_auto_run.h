// SPDX-License-Identifier: MIT
// The part of the table that describes how a built program is kept running.
#pragma once

#include "config/keys.h"

namespace poltergeist::config {

extern const Section kAutoRun;

}  // namespace poltergeist::config
