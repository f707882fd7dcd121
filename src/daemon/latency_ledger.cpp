// SPDX-License-Identifier: MIT
#include "daemon/latency_ledger.h"

#include <algorithm>
#include <utility>

namespace poltergeist::daemon {

Timing LatencyLedger::began(const TargetId& target, BuildId build, StageClock stages,
                            std::optional<Instant> spawned) {
  if (spawned) stages.reached(Stage::Spawned, *spawned);
  return open_[target].emplace_back(Open{build, std::move(stages)}).stages.timing();
}

std::optional<Timing> LatencyLedger::ended(const TargetId& target, BuildId build,
                                           std::optional<Instant> ended, Kind kind) {
  auto* open = find(target, build);
  if (open == nullptr) return std::nullopt;
  if (ended) open->stages.reached(Stage::Ended, *ended);
  const auto timing = open->stages.timing();
  std::erase_if(open_[target], [&](const Open& other) {
    return kind == Kind::Success ? other.build < build : other.build == build;
  });
  return timing;
}

std::optional<Timing> LatencyLedger::reached(const TargetId& target, BuildId build, Stage stage,
                                             Instant now) {
  auto* open = find(target, build);
  if (open == nullptr || !open->stages.reached(stage, now)) return std::nullopt;
  return open->stages.timing();
}

LatencyLedger::Open* LatencyLedger::find(const TargetId& target, BuildId build) {
  const auto builds = open_.find(target);
  if (builds == open_.end()) return nullptr;
  const auto found = std::find_if(builds->second.begin(), builds->second.end(),
                                  [&](const Open& open) { return open.build == build; });
  return found == builds->second.end() ? nullptr : &*found;
}

}  // namespace poltergeist::daemon
