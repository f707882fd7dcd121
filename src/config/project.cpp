// SPDX-License-Identifier: MIT
#include "config/project.h"

#include <algorithm>

#include "base/text.h"

namespace poltergeist::config {

const Target* Project::find(const TargetId& name) const {
  const auto found = std::ranges::find(targets, name, &Target::name);
  return found == targets.end() ? nullptr : &*found;
}

const Target* Project::find_like(std::string_view name) const {
  if (const auto* exact = find(TargetId(std::string(name)))) return exact;
  const auto normal = normalised_name(name);
  const Target* like = nullptr;
  for (const auto& target : targets) {
    if (normalised_name(target.name.value()) != normal) continue;
    if (like != nullptr) return nullptr;
    like = &target;
  }
  return like;
}

std::vector<std::string> Project::target_names() const {
  std::vector<std::string> names;
  names.reserve(targets.size());
  for (const auto& target : targets) names.push_back(target.name.value());
  return names;
}

}  // namespace poltergeist::config
