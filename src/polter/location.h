// SPDX-License-Identifier: MIT
// Which project is meant, and where its daemon listens: the nearest poltergeist.config.json upwards
// from the working directory, or what $POLTERGEIST_CONFIG names. The file is found, not read: the
// daemon has read it.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace poltergeist::polter {

struct Location {
  std::filesystem::path config_file;  // absolute
  std::filesystem::path root;         // real path of its directory
  std::filesystem::path socket;
};

// `named` is $POLTERGEIST_CONFIG: a *.json file, or the directory to start from. Errc::Invalid if
// there is no configuration, with what to do; what else the state directory's finding says.
[[nodiscard]] Result<Location> locate(const std::filesystem::path& cwd, std::string_view named);

}  // namespace poltergeist::polter
