// SPDX-License-Identifier: MIT
// The wait of one call of polter: connects, starting the daemon if need be, asks for the target,
// and shows something if the answer does not come at once.
#pragma once

#include <memory>

#include "polter/console.h"
#include "polter/daemon_start.h"
#include "polter/location.h"
#include "polter/options.h"
#include "polter/wait_call.h"

namespace poltergeist::polter {

struct Waited {
  std::optional<NoDaemon> no_daemon;  // set: nobody could be asked, there is no answer
  Answered answer;
  // While this lives, no build of the target starts.
  std::unique_ptr<WaitCall> lease;
};

[[nodiscard]] Waited wait_until_settled(Loop& loop, const Location& location,
                                        const Options& options, const Console& console);

}  // namespace poltergeist::polter
