// SPDX-License-Identifier: MIT
// The variables that decide which tools and libraries a command finds, and what those do: PATH, the
// active virtual environment, flags of compilers. A daemon has those of the shell that it was
// started from; whoever asks it from another one may have others, and should be told.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace poltergeist::process {

// By name, a digest of the value: for comparing, and never the value, which ends up in answers and
// logs. A variable that is not set, or is empty, is absent.
using ToolVariables = std::map<std::string, std::string>;

// Of an environment as exec takes it.
[[nodiscard]] ToolVariables tool_variables(const std::vector<std::string>& environment);
// The names of those that are not the same in both, sorted.
[[nodiscard]] std::vector<std::string> differing(const ToolVariables& one,
                                                 const ToolVariables& other);
// Those of a daemon that are not as in this process. None if the daemon (an older one) does not say
// what it has.
[[nodiscard]] std::vector<std::string> differing_from_own(const ToolVariables& daemons);
// What to tell whoever has others than the daemon: one sentence, and what to do. Empty for no
// names.
[[nodiscard]] std::string difference_text(std::vector<std::string> names);

}  // namespace poltergeist::process
