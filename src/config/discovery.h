// SPDX-License-Identifier: MIT
// Where a configuration is looked for. Pure: which of the candidates exists is the caller's
// question.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace poltergeist::config {

inline constexpr std::string_view kConfigFile = "poltergeist.config.json";

// The configuration files that `directory` (absolute) could belong to, nearest first, up to the
// root of the file system. The first that exists is the one; there is no merging.
[[nodiscard]] std::vector<std::filesystem::path> candidates_for(
    const std::filesystem::path& directory);

// The same for `-c <named>` and $POLTERGEIST_CONFIG, relative to `cwd`: a name that ends in ".json"
// is that file and nothing else, any other is the directory to start from. Empty: as if not given.
[[nodiscard]] std::vector<std::filesystem::path> candidates_for(const std::filesystem::path& cwd,
                                                                std::string_view named);

}  // namespace poltergeist::config
