// SPDX-License-Identifier: MIT
#include "polter/configured.h"

#include "base/text.h"
#include "config/load.h"
#include "process/environment.h"
#include "sys/files.h"

namespace poltergeist::polter {

namespace {

config::Environment own_variables() {
  config::Environment variables;
  for (const auto& entry : process::own_environment()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) {
      variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return variables;
}

}  // namespace

Result<config::Project> configured_project(const Location& location) {
  const auto text = read_file(location.config_file);
  if (!text) return fail(text.error());
  const auto file = location.root / location.config_file.filename();
  auto loaded = config::load_project(*text, file, own_variables());
  if (!loaded) return fail(Errc::Invalid, "{}", config::to_text(loaded.error(), file));
  return std::move(loaded->project);
}

Result<std::filesystem::path> configured_artifact(const config::Project& project,
                                                  std::string_view target) {
  const auto* found = project.find_like(target);
  if (found == nullptr) {
    return fail(Errc::NotFound, "no target \"{}\"{}", target,
                did_you_mean(target, project.target_names()));
  }
  if (found->output_path.empty()) return std::filesystem::path();
  return (project.root / found->output_path).lexically_normal();
}

}  // namespace poltergeist::polter
