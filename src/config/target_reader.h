// SPDX-License-Identifier: MIT
// One entry of `targets`, read and checked by itself; what concerns several is
// config/target_checks.h.
#pragma once

#include <vector>

#include "config/located_json.h"
#include "config/names.h"
#include "config/project.h"
#include "config/reading.h"

namespace poltergeist::config {

// A target, and where those of its parts stand that are checked later.
struct ReadTarget {
  Target target;
  std::vector<Place> depends_on;    // of the entries
  std::vector<Place> log_channels;  // of the entries
  std::vector<PlacedName> tasks;    // that hooks name
};

[[nodiscard]] ReadTarget read_target(const Json& json, const std::filesystem::path& root,
                                     Reading& reading);

// Reports each pattern that is impossible, and notes those that upstream read otherwise.
void check_globs(std::string_view key, const JsonArray& patterns, Reading& reading);

}  // namespace poltergeist::config
