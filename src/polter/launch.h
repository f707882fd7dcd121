// SPDX-License-Identifier: MIT
// From an artifact to a running program: which command line stands for it, and execve in place.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/exit_code.h"

namespace poltergeist::polter {

// The command line for an artifact: itself, or an interpreter for a script that is not executable
// (.js .mjs .cjs: node, .py: python3, .sh: sh). An argv[0] without a slash is looked up in PATH.
[[nodiscard]] std::vector<std::string> command_line(const std::filesystem::path& artifact,
                                                    bool executable,
                                                    const std::vector<std::string>& args);
// The same, after a look whether the artifact is executable.
[[nodiscard]] std::vector<std::string> command_line(const std::filesystem::path& artifact,
                                                    const std::vector<std::string>& args);

struct ExecFailure {
  ExitCode code = ExitCode::CannotExecute;
  std::string message;
};
// Becomes the program; returns only if that failed. Signal mask, dispositions, environment, working
// directory and descriptors without close-on-exec pass through as they are. A file that is still
// open for writing is tried again for up to a second.
[[nodiscard]] ExecFailure exec_in_place(std::vector<std::string> argv);

}  // namespace poltergeist::polter
