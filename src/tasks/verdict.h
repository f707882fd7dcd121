// SPDX-License-Identifier: MIT
// What the end of a one-shot command means.
#pragma once

#include <optional>
#include <string>

#include "base/exit.h"
#include "base/outcome.h"
#include "base/result.h"
#include "config/project.h"

namespace poltergeist::tasks {

// How a command ended, as far as processes go.
struct Ending {
  std::optional<Exit> exit;          // absent: it was never started
  std::optional<Error> not_started;  // why
  bool timed_out = false;            // our signals ended it, for its time was over
  bool cancelled = false;            // our signals ended it, for somebody asked for it
};

struct Verdict {
  Outcome outcome = Outcome::Success;
  std::optional<FailureKind> kind;  // of what is no success
  std::string message;              // for people: "exited with code 2"; empty for a success

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// `timeout` and `command` are for the message.
[[nodiscard]] Verdict judge(const Ending& ending, const config::ExitCodes& codes, Seconds timeout,
                            const std::string& command);

}  // namespace poltergeist::tasks
