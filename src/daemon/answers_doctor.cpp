// SPDX-License-Identifier: MIT
// The part of Answers that `poltergeist doctor` asks for.
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "daemon/answers.h"
#include "process/environment.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

namespace {

// Half of a message's limit: paths of 4 KB, written with escapes, could exceed it.
constexpr std::size_t kMostEventBytes = 512 << 10;

api::PastEvent event_of(const watch::PastHint& hint, Instant now, WallTime wall_now) {
  const auto ago = std::chrono::duration_cast<Milliseconds>(now - hint.when);
  return {.time = to_iso8601(wall_now - ago),
          .kind = std::string(name_in(watch::kHintKinds, hint.what)),
          .path = to_utf8(hint.path)};
}

std::vector<api::PastEvent> events_of(const std::vector<watch::PastHint>& hints) {
  const auto instant = now();
  const auto wall = wall_now();
  std::vector<api::PastEvent> events;
  std::size_t bytes = 0;
  for (auto hint = hints.rbegin(); hint != hints.rend(); ++hint) {
    auto event = event_of(*hint, instant, wall);
    bytes += api::to_json(event).dump().size() + 1;
    if (bytes > kMostEventBytes) break;
    events.push_back(std::move(event));
  }
  std::reverse(events.begin(), events.end());
  return events;
}

}  // namespace

api::DoctorResult Answers::doctor() const {
  const auto counters = watching_.counters();
  const auto cgroup = orphanage_.cgroup();
  return {.pid = ::getpid(),
          .version = version_,
          .start_time = to_iso8601(started_),
          .degraded = publishing_.degraded(),
          .cgroup = cgroup ? cgroup->string() : "",
          .no_cgroup = cgroup ? "" : cgroup.error().message,
          .replaced = is_replaced(program_),
          .environment = process::tool_variables(process::own_environment()),
          .watch = watch(),
          .backend = std::string(watching_.backend()),
          .choice = watching_.choice(),
          .files = counters.files,
          .directories = counters.directories,
          .watches = counters.watches,
          .polled = counters.polled,
          .watches_needed = counters.watches_needed,
          .hints = counters.hints,
          .overflows = counters.overflows,
          .rescans = counters.rescans,
          .rewritten = counters.rewritten,
          .unheard = counters.unheard,
          .events = events_of(watching_.past_hints())};
}

}  // namespace poltergeist::daemon
