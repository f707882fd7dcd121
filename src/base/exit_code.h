// SPDX-License-Identifier: MIT
// The exit codes of both programs, everywhere (docs/cli.md).
#pragma once

namespace poltergeist {

enum class ExitCode : int {
  Yes = 0,            // done; the answer is yes
  No = 1,             // the build, test or task failed
  Usage = 2,          // wrong call or wrong configuration
  CannotAnswer = 3,   // no daemon, it died, an external program is missing
  Unknown = 4,        // no such target, task, card, run
  RetriesSpent = 75,  // retries exhausted
  OurBug = 70,        // an exception nobody expected
  Timeout = 124,
  CannotExecute = 126,
  ProgramNotFound = 127,
  Interrupted = 130,  // SIGINT
  Terminated = 143    // SIGTERM
};

[[nodiscard]] constexpr int to_int(ExitCode code) {
  return static_cast<int>(code);
}

}  // namespace poltergeist
