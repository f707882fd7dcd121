// SPDX-License-Identifier: MIT
// A configuration from its file: trusted first, then read, then understood, or every problem at
// once.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "config/load.h"
#include "state/state_dir.h"

namespace poltergeist::daemon {

struct Refusal {
  std::string summary;                // one line
  std::vector<std::string> problems;  // "file:line:column: message"; may be empty
};

// `file` is absolute; its directory, a real path, is the project's root.
[[nodiscard]] tl::expected<config::Loaded, Refusal> read_project_file(
    const std::filesystem::path& file);
// The same for a text that needs no trust, because nothing of it is executed.
[[nodiscard]] tl::expected<config::Loaded, Refusal> understand_project_text(
    std::string_view text, const std::filesystem::path& file);

// Where the daemon of a project logs.
[[nodiscard]] std::filesystem::path daemon_log(const config::Project& project,
                                               const state::ProjectPaths& paths);

}  // namespace poltergeist::daemon
