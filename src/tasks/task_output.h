// SPDX-License-Identifier: MIT
// What a task answers, out of what it printed, wrote and set.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "config/project.h"

namespace poltergeist::tasks {

using Json = nlohmann::json;

// What a good attempt left. Lines of the protocol are no output.
struct Leavings {
  std::string standard_output;  // valid UTF-8
  bool output_truncated = false;
  std::map<std::string, std::string> set;                // by `::set-output`
  std::optional<tl::expected<std::string, Error>> file;  // what reading `outputFile` gave
};

// The output as a JSON object. A value that is none becomes {"result": value}; what was set wins
// over a field of the same name. Errc::Invalid, with a message for people, where the promised JSON
// is not there: `bad_output`.
[[nodiscard]] Result<Json> output_of(const config::Task& task, const Leavings& leavings);

// The output of an attempt that failed: what it set, and "success": false where that is promised.
[[nodiscard]] Json output_of_failure(const config::Task& task,
                                     const std::map<std::string, std::string>& set);

}  // namespace poltergeist::tasks
