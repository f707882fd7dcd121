// SPDX-License-Identifier: MIT
#include "polter/location.h"

#include <sys/stat.h>

#include "config/discovery.h"
#include "state/state_dir.h"

namespace poltergeist::polter {

namespace {

bool is_file(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

Failure no_configuration(const std::filesystem::path& cwd, std::string_view named) {
  if (!named.empty()) {
    return fail(Errc::Invalid, "POLTERGEIST_CONFIG={}: no configuration there", named);
  }
  return fail(Errc::Invalid,
              "no {} in {} or above it; `poltergeist init` writes one for the project here",
              config::kConfigFile, cwd.string());
}

}  // namespace

Result<Location> locate(const std::filesystem::path& cwd, std::string_view named) {
  for (const auto& candidate : config::candidates_for(cwd, named)) {
    if (!is_file(candidate)) continue;
    const auto directory = state::state_dir_from_environment();
    if (!directory) return fail(directory.error());
    const auto paths = state::ProjectPaths::create(*directory, candidate.parent_path());
    if (!paths) return fail(paths.error());
    return Location{candidate, paths->root(), paths->socket()};
  }
  return no_configuration(cwd, named);
}

}  // namespace poltergeist::polter
