// SPDX-License-Identifier: MIT
// The ledgers of the builds that may still reach a stage: of each target the running build, and the
// newest success, whose program may yet come up. Pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/timing.h"

namespace poltergeist::daemon {

class LatencyLedger {
 public:
  enum class Kind { Success, Other };

  // A build begins with the stages before its start; `spawned` is absent where no process could be
  // started.
  Timing began(const TargetId& target, BuildId build, StageClock stages,
               std::optional<Instant> spawned);
  // `ended` is absent where there was no process. After a success no older build can reach
  // anything, and what was no success has no program to come. Nothing for an unknown build.
  std::optional<Timing> ended(const TargetId& target, BuildId build, std::optional<Instant> ended,
                              Kind kind);
  // A stage of its program. Nothing if that changes nothing: no such build, or it was there before.
  std::optional<Timing> reached(const TargetId& target, BuildId build, Stage stage, Instant now);
  void forget(const TargetId& target) { open_.erase(target); }

 private:
  struct Open {
    BuildId build;
    StageClock stages;
  };
  [[nodiscard]] Open* find(const TargetId& target, BuildId build);

  std::map<TargetId, std::vector<Open>> open_;
};

}  // namespace poltergeist::daemon
