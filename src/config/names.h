// SPDX-License-Identifier: MIT
// Names that become parts of file names, and are given by people: of targets, tasks, queues and log
// channels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/reading.h"

namespace poltergeist::config {

struct PlacedName {
  std::string name;
  Place place;
};

// Letters, digits, '.', '_', '-' and, if allowed, blanks; nothing that leads elsewhere.
enum class Blank { Allowed, Forbidden };
inline constexpr std::size_t kLongestName = 64;
[[nodiscard]] bool is_safe_name(std::string_view name, Blank blank);

// `what` has that name: "target", "task", "queue". An empty one was reported before.
void check_name(std::string_view what, const PlacedName& name, Reading& reading);
// No two are one name to people.
void check_distinct(std::string_view what, const std::vector<PlacedName>& names, Reading& reading);

}  // namespace poltergeist::config
