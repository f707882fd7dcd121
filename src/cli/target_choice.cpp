// SPDX-License-Identifier: MIT
#include "cli/target_choice.h"

#include <vector>

#include "base/text.h"

namespace poltergeist::cli {

namespace {

std::vector<TargetId> enabled_targets(const config::Project& project) {
  std::vector<TargetId> names;
  for (const auto& target : project.targets) {
    if (target.enabled) names.push_back(target.name);
  }
  return names;
}

std::string list_of(const std::vector<std::string>& names) {
  return for_terminal(joined(names, ", "));
}

}  // namespace

Attempt<TargetId> named_target(const config::Project& project, const std::string& name) {
  if (const auto* target = project.find_like(name)) return target->name;
  const auto names = project.target_names();
  if (names.empty()) {
    return refuse(ExitCode::Unknown, "there is no target \"{}\": the configuration has none",
                  for_terminal(name));
  }
  return refuse(ExitCode::Unknown, "there is no target \"{}\"{} (targets: {})", for_terminal(name),
                did_you_mean(name, names), list_of(names));
}

Attempt<TargetId> chosen_target(const config::Project& project, const std::string& name,
                                std::string_view verb) {
  if (!name.empty()) return named_target(project, name);
  const auto enabled = enabled_targets(project);
  if (enabled.size() == 1) return enabled.front();
  if (enabled.empty()) {
    return refuse(ExitCode::Usage, "no target is enabled: name one, `poltergeist {} <target>`",
                  verb);
  }
  std::vector<std::string> names;
  for (const auto& target : enabled) names.push_back(target.value());
  return refuse(ExitCode::Usage, "which target? `poltergeist {} <target>` with one of {}", verb,
                list_of(names));
}

Attempt<TargetId> watched_target(const config::Project& project, const std::string& name,
                                 std::string_view verb,
                                 const std::function<bool(const TargetId&)>& is_building) {
  if (!name.empty()) return named_target(project, name);
  std::vector<TargetId> building;
  for (const auto& target : project.targets) {
    if (is_building(target.name)) building.push_back(target.name);
  }
  if (building.size() == 1) return building.front();
  return chosen_target(project, name, verb);
}

}  // namespace poltergeist::cli
