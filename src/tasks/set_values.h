// SPDX-License-Identifier: MIT
// What a command sets by `::set-output` or `::set-state`: a few texts by name, with a bound, for
// they are kept, written down and sent.
#pragma once

#include <map>
#include <string>

namespace poltergeist::tasks {

class SetValues {
 public:
  static constexpr std::size_t kMostKeys = 256;
  static constexpr std::size_t kMostBytes = 256 << 10;  // names and values together

  SetValues() = default;
  explicit SetValues(std::map<std::string, std::string> values);

  // A later value of a name replaces an earlier one. False, and nothing changes, if it would be too
  // much.
  bool set(const std::string& key, std::string value);
  [[nodiscard]] const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
  std::size_t bytes_ = 0;
};

}  // namespace poltergeist::tasks
