// SPDX-License-Identifier: MIT
// Environments as exec takes them: "NAME=value", each name once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace poltergeist::process {

// This process's own environment.
[[nodiscard]] std::vector<std::string> own_environment();
// The same for what nobody sits in front of: git and ssh fail there instead of asking a person for
// a name or a password, on a terminal or in a window.
[[nodiscard]] std::vector<std::string> unattended_environment();
// `base` with the values of `over` set, replacing those of the same names.
[[nodiscard]] std::vector<std::string> merged_environment(
    std::vector<std::string> base, const std::map<std::string, std::string>& over);
// The value of `name`, or an empty text.
[[nodiscard]] std::string_view environment_value(const std::vector<std::string>& environment,
                                                 std::string_view name);

}  // namespace poltergeist::process
