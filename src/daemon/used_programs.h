// SPDX-License-Identifier: MIT
// Which programs the enabled targets are built with, as far as the words of their commands tell:
// for `poltergeist doctor`, which asks each for its version.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/project.h"

namespace poltergeist::daemon {

struct UsedProgram {
  std::string name;            // as the command has it
  std::filesystem::path file;  // absolute; empty: it is not there
  std::string target;          // the first one that uses it
};

// Each name once, in the order of the configuration. What lies in the project is left out: a build
// may be what makes it, and to start it is not ours.
[[nodiscard]] std::vector<UsedProgram> used_programs(const config::Project& project,
                                                     const std::vector<std::string>& environment);

// The words that commands of a line for the shell begin with: what the shell does itself is left
// out, and everything behind a word of which the shell might make something else. Pure.
[[nodiscard]] std::vector<std::string> command_words(std::string_view line);

}  // namespace poltergeist::daemon
