// SPDX-License-Identifier: MIT
// The targets that polter can run, with what is known of each: what it shows when it was not told
// which.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"
#include "polter/console.h"
#include "polter/location.h"

namespace poltergeist::polter {

struct ListedTarget {
  std::string name;
  std::optional<api::Answer> answer;  // absent: no daemon to ask
  std::string reason;                 // why it is not fresh; may be empty
};

// Asks the daemon, without making it build; reads the configuration if there is none.
[[nodiscard]] Result<std::vector<ListedTarget>> runnable_targets(const Location& location);

// "  ✓ app    fresh" per target, ends with a newline; with words alone where there is no UTF-8.
[[nodiscard]] std::string list_text(const std::vector<ListedTarget>& targets, TextStyle style);

}  // namespace poltergeist::polter
