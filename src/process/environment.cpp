// SPDX-License-Identifier: MIT
#include "process/environment.h"

#include <unistd.h>

#include <algorithm>

namespace poltergeist::process {

namespace {

std::string_view name_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

}  // namespace

std::vector<std::string> own_environment() {
  std::vector<std::string> entries;
  if (environ == nullptr) return entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  return entries;
}

std::vector<std::string> merged_environment(std::vector<std::string> base,
                                            const std::map<std::string, std::string>& over) {
  const auto is_set_anew = [&](const std::string& entry) {
    return over.find(std::string(name_of(entry))) != over.end();
  };
  base.erase(std::remove_if(base.begin(), base.end(), is_set_anew), base.end());
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
