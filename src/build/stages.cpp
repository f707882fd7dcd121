// SPDX-License-Identifier: MIT
#include "build/stages.h"

namespace poltergeist::build {

StageClock stages_before(const Why& why, Instant now, WallTime wall) {
  const Instant queued = why.queued.value_or(why.started);
  const Instant first = why.first_event.value_or(queued);
  const WallTime at = wall - std::chrono::duration_cast<Milliseconds>(now - first);
  if (!why.first_event) return {Stage::Queued, first, at};
  StageClock stages(Stage::Event, first, at);
  if (why.window_closed) stages.reached(Stage::WindowClosed, *why.window_closed);
  stages.reached(Stage::Queued, queued);
  return stages;
}

}  // namespace poltergeist::build
