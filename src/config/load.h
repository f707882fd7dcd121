// SPDX-License-Identifier: MIT
// From the text of a poltergeist.config.json to a Project. Pure: reading the file, and asking
// whether it may be trusted (config/trust.h), is the caller's part and comes first. Either the
// whole configuration is good, or every problem that it has is reported at once.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/problem.h"
#include "config/project.h"

namespace poltergeist::config {

struct Loaded {
  Project project;
  // Not wrong, but worth saying (`validate` does): keys without effect here, old spellings,
  // patterns that upstream understood differently. In the order of the file.
  std::vector<Problem> notes;
};

// `file` is where the text came from: absolute, its directory a real path; that directory becomes
// the project's root. `environment` is what `${VAR}` is taken from. The problems are in the order
// of the file and never empty.
[[nodiscard]] tl::expected<Loaded, std::vector<Problem>> load_project(
    std::string_view text, const std::filesystem::path& file, const Environment& environment);

}  // namespace poltergeist::config
