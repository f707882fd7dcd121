// SPDX-License-Identifier: MIT
// Starts the daemon of a project by `poltergeist haunt`, which returns when the daemon listens.
#pragma once

#include <string>

#include "base/exit_code.h"
#include "base/result.h"
#include "base/time.h"
#include "polter/location.h"

namespace poltergeist::polter {

// Why there is none, and the code to end with.
struct NoDaemon {
  ExitCode code = ExitCode::CannotAnswer;  // Usage if the configuration is at fault
  std::string message;                     // what `haunt` said, or why it could not be started
};
// Runs the `poltergeist` beside our own executable, else the one in PATH. Blocks, at most
// `patience`.
[[nodiscard]] tl::expected<void, NoDaemon> start_daemon(const Location& location,
                                                        Milliseconds patience);

}  // namespace poltergeist::polter
