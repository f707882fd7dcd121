// SPDX-License-Identifier: MIT
#include "config/project.h"

#include <algorithm>

#include "base/text.h"

namespace poltergeist::config {

namespace {

template <typename Named, typename NameId>
const Named* found_in(const std::vector<Named>& all, const NameId& name) {
  const auto found = std::ranges::find(all, name, &Named::name);
  return found == all.end() ? nullptr : &*found;
}

template <typename Named>
const Named* found_like(const std::vector<Named>& all, std::string_view name) {
  using NameId = decltype(Named::name);
  if (const auto* exact = found_in(all, NameId(std::string(name)))) return exact;
  const auto normal = normalised_name(name);
  const Named* like = nullptr;
  for (const auto& named : all) {
    if (normalised_name(named.name.value()) != normal) continue;
    if (like != nullptr) return nullptr;
    like = &named;
  }
  return like;
}

template <typename Named>
std::vector<std::string> names_of(const std::vector<Named>& all) {
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const auto& named : all) names.push_back(named.name.value());
  return names;
}

}  // namespace

const Target* Project::find(const TargetId& name) const {
  return found_in(targets, name);
}
const Target* Project::find_like(std::string_view name) const {
  return found_like(targets, name);
}
std::vector<std::string> Project::target_names() const {
  return names_of(targets);
}

const Task* Project::find_task(const TaskId& name) const {
  return found_in(tasks, name);
}
const Task* Project::find_task_like(std::string_view name) const {
  return found_like(tasks, name);
}
std::vector<std::string> Project::task_names() const {
  return names_of(tasks);
}

std::filesystem::path Project::log_file() const {
  return logging.file.empty() ? std::filesystem::path() : (root / logging.file).lexically_normal();
}

}  // namespace poltergeist::config
