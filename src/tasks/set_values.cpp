// SPDX-License-Identifier: MIT
#include "tasks/set_values.h"

#include <utility>

namespace poltergeist::tasks {

SetValues::SetValues(std::map<std::string, std::string> values) {
  for (auto& [key, value] : values) set(key, std::move(value));
}

bool SetValues::set(const std::string& key, std::string value) {
  const auto found = values_.find(key);
  const std::size_t before = found == values_.end() ? 0 : key.size() + found->second.size();
  const std::size_t bytes = bytes_ - before + key.size() + value.size();
  if (bytes > kMostBytes || (found == values_.end() && values_.size() == kMostKeys)) return false;
  bytes_ = bytes;
  values_[key] = std::move(value);
  return true;
}

}  // namespace poltergeist::tasks
