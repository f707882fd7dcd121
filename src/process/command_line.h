// SPDX-License-Identifier: MIT
// The command line that stands for an artifact, whoever starts it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace poltergeist::process {

// The artifact itself, or an interpreter for a script that is not executable (.js .mjs .cjs: node,
// .py: python3, .sh: sh), then `args`. An argv[0] without a slash is looked up in PATH.
[[nodiscard]] std::vector<std::string> command_line(const std::filesystem::path& artifact,
                                                    bool executable,
                                                    const std::vector<std::string>& args);
// The same, after a look whether the artifact is executable.
[[nodiscard]] std::vector<std::string> command_line(const std::filesystem::path& artifact,
                                                    const std::vector<std::string>& args);

}  // namespace poltergeist::process
