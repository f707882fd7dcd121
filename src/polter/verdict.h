// SPDX-License-Identifier: MIT
// What the daemon's answer means for a call of polter: run the artifact or not, what to tell the
// user, and with which code to end. Pure.
#pragma once

#include <string>
#include <vector>

#include "api/messages.h"
#include "base/exit_code.h"
#include "polter/daemon_start.h"
#include "polter/options.h"

namespace poltergeist::polter {

struct Verdict {
  bool run = false;
  ExitCode code = ExitCode::Yes;    // when it is not run
  std::string message;              // lines of ours; may be empty
  std::vector<std::string> quoted;  // lines of the compiler and of the log
  std::string closing;              // lines of ours behind them

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// `hint` is a line of ours behind a failure; it may be empty.
[[nodiscard]] Verdict verdict_for(const Options& options, const api::TargetAnswer& answer,
                                  const std::string& hint = {});
// There is no answer. With --force the artifact that the configuration names is run all the same.
[[nodiscard]] Verdict verdict_for(const Options& options, const api::RpcError& error);
// Nobody could be asked; the same holds.
[[nodiscard]] Verdict verdict_for(const Options& options, const NoDaemon& no_daemon);

// "src/main.c:3:5: error: expected ';'" for an entry of TargetAnswer::diagnostics.
[[nodiscard]] std::string diagnostic_line(const api::Json& diagnostic);

}  // namespace poltergeist::polter
