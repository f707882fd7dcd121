// SPDX-License-Identifier: MIT
#include "config/discovery.h"

namespace poltergeist::config {

std::vector<std::filesystem::path> candidates_for(const std::filesystem::path& directory) {
  auto at = (directory / "").lexically_normal().parent_path();
  std::vector<std::filesystem::path> candidates;
  while (true) {
    candidates.push_back(at / kConfigFile);
    if (!at.has_relative_path()) return candidates;
    at = at.parent_path();
  }
}

std::vector<std::filesystem::path> candidates_for(const std::filesystem::path& cwd,
                                                  std::string_view named) {
  const auto place = cwd / std::filesystem::path(named);
  if (named.ends_with(".json")) return {place.lexically_normal()};
  return candidates_for(place);
}

}  // namespace poltergeist::config
