// SPDX-License-Identifier: MIT
// What must hold between targets: different names, different files, dependencies that exist and
// lead nowhere in circles.
#pragma once

#include <vector>

#include "config/reading.h"
#include "config/target_reader.h"

namespace poltergeist::config {

void check_targets(const std::vector<ReadTarget>& targets, Reading& reading);

}  // namespace poltergeist::config
