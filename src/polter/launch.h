// SPDX-License-Identifier: MIT
// From a command line to a running program in our place.
#pragma once

#include <string>
#include <vector>

#include "base/exit_code.h"

namespace poltergeist::polter {

struct ExecFailure {
  ExitCode code = ExitCode::CannotExecute;
  std::string message;
};
// Becomes the program; returns only if that failed. Signal mask, dispositions, environment, working
// directory and descriptors without close-on-exec pass through as they are. A file that is still
// open for writing is tried again for up to a second.
[[nodiscard]] ExecFailure exec_in_place(std::vector<std::string> argv);

}  // namespace poltergeist::polter
