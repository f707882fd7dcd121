// SPDX-License-Identifier: MIT
#include "process/environment.h"

#include <unistd.h>

#include <algorithm>

namespace poltergeist::process {

namespace {

// How each of those who would ask is told not to. An empty GIT_ASKPASS is nobody, and keeps git
// from looking for core.askPass and SSH_ASKPASS (gitcredentials(7)); SSH_ASKPASS_REQUIRE is from
// OpenSSH 8.4 (ssh(1)), GCM_INTERACTIVE of the Git Credential Manager, whose windows are its own.
const std::map<std::string, std::string>& no_questions() {
  static const std::map<std::string, std::string> variables = {{"GCM_INTERACTIVE", "never"},
                                                               {"GIT_ASKPASS", ""},
                                                               {"GIT_TERMINAL_PROMPT", "0"},
                                                               {"SSH_ASKPASS_REQUIRE", "never"}};
  return variables;
}

std::string_view name_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  if (environ == nullptr) return entries;
  std::size_t count = 0;
  while (environ[count] != nullptr) ++count;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) entries.emplace_back(environ[i]);
  return entries;
}

std::vector<std::string> unattended_environment() {
  return merged_environment(own_environment(), no_questions());
}

std::vector<std::string> merged_environment(std::vector<std::string> base,
                                            const std::map<std::string, std::string>& over) {
  std::vector<std::string_view> names;  // sorted, as the map is
  names.reserve(over.size());
  for (const auto& [name, value] : over) names.emplace_back(name);
  std::erase_if(base, [&](const std::string& entry) {
    return std::binary_search(names.begin(), names.end(), name_of(entry));
  });
  base.reserve(base.size() + over.size());
  for (const auto& [name, value] : over) base.push_back(name + '=' + value);
  return base;
}

std::string_view environment_value(const std::vector<std::string>& environment,
                                   std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry[name.size()] == '=' && name_of(entry) == name) {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace poltergeist::process
