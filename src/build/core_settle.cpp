// SPDX-License-Identifier: MIT
// The decisions: who is held by what, who starts next, and when something will happen by itself.
#include <algorithm>
#include <utility>

#include "build/core.h"
#include "build/core_target.h"

namespace poltergeist::build {

Actions Core::settle(Actions actions, Instant now) {
  pass_time(now);
  judge_all(now);
  for (auto next = startable_in_order(now, false); !next.empty();
       next = startable_in_order(now, false)) {
    start(*next.front(), actions, now);
    judge_all(now);
  }
  deadline_.reset();
  for (const auto& state : states_) deadline_ = earlier(deadline_, next_event(*state, now));
  return actions;
}

// What became due.
void Core::pass_time(Instant now) {
  std::erase_if(leases_, [&](const auto& entry) { return entry.second.expires <= now; });
  for (auto& state : states_) {
    const auto closes = window_closes(*state, now);
    if (closes && *closes <= now) state->close_window(now);
    if (state->retry_at && *state->retry_at <= now && (!paused_ || state->requested)) {
      state->retry_at.reset();
      state->ask(Cause::Retry);
    }
  }
}

// ---- Standing and hold

void Core::judge_all(Instant now) {
  for (auto& state : states_) {  // dependencies first: a verdict looks at theirs
    if (state->configured) judge(*state, now);
  }
}

void Core::judge(TargetState& state, Instant now) const {
  const auto* blocker = blocker_of(state);
  const auto* awaited = awaited_by(state);
  auto& verdict = state.verdict;
  verdict = Verdict{.hold = hold_of(state, now),
                    .stale = state.is_stale(),
                    .dirty_clock = state.dirty,
                    .built_clock = state.built,
                    .retry_at = state.retry_at,
                    .attempts = state.attempts};
  if (state.running) {
    verdict.standing = Standing::Building;
    return;
  }
  if (!state.evaluated && !verdict.stale) {
    verdict.standing = Standing::Unknown;
    return;
  }
  if (blocker) {
    verdict.standing = Standing::Blocked;
    verdict.blocked_by = blocker->id();
  } else if (verdict.stale || awaited) {
    verdict.standing = Standing::Pending;
    if (verdict.hold == Hold::Dependency) verdict.blocked_by = awaited->id();
  } else {
    verdict.standing = state.failed ? Standing::Failed : Standing::Fresh;
  }
  if (verdict.hold == Hold::Loop) verdict.loop = state.self.paths;
  if (verdict.standing != Standing::Pending && !state.retry_at) state.forget_wishes();
  // Undone while it waits for a dependency: if that makes it stale again, it waits from then on.
  if (!verdict.stale) state.waiting_since.reset();
  const bool is_queued = verdict.hold == Hold::Lease || verdict.hold == Hold::Exclusive ||
                         verdict.hold == Hold::Slot ||
                         (verdict.stale && verdict.hold == Hold::None);
  if (!is_queued) {
    state.reasons.why.queued.reset();
  } else if (!state.reasons.why.queued) {
    state.reasons.why.queued = now;
    if (!state.waiting_since) state.waiting_since = now;
  }
}

Hold Core::hold_of(const TargetState& state, Instant now) const {
  if (!state.is_stale()) {
    if (state.running) return Hold::None;
    if (blocker_of(state)) return Hold::Blocked;
    if (awaited_by(state)) return Hold::Dependency;
    return state.retry_at ? Hold::Retry : Hold::None;
  }
  if (state.running) return Hold::Build;
  if (!state.settings.enabled && !state.requested) return Hold::Disabled;
  if (paused_ && !state.requested) return Hold::Paused;
  if (git_hold(state, now)) return Hold::Git;
  if (state.window.is_open()) return Hold::Window;
  if (!state.requested && state.is_held_by_loop(now)) return Hold::Loop;
  if (blocker_of(state)) return Hold::Blocked;
  if (awaited_by(state)) return Hold::Dependency;
  return hold_by_others(state);
}

Hold Core::hold_by_others(const TargetState& state) const {
  if (lease_expiry(state)) return Hold::Lease;
  int running = 0;
  for (const auto& other : states_) {
    if (!other->running) continue;
    ++running;
    const auto& key = other->settings.exclusive_key;
    if (!key.empty() && key == state.settings.exclusive_key) return Hold::Exclusive;
  }
  return running < scheduling_.parallelization ? Hold::None : Hold::Slot;
}

std::optional<Instant> Core::git_hold(const TargetState& state, Instant now) const {
  if (state.requested || state.urgent) return std::nullopt;
  return git_.until(state.window.opened().value_or(now), now);
}

std::optional<Instant> Core::window_closes(const TargetState& state, Instant now) const {
  return state.window.closes_at(state.settings.settling_delay, state.settings.max_settling_delay,
                                git_, now);
}

std::optional<Instant> Core::lease_expiry(const TargetState& state) const {
  std::optional<Instant> last;
  for (const auto& [id, lease] : leases_) {
    const auto& protects = lease.protects;
    if (std::find(protects.begin(), protects.end(), state.id()) == protects.end()) continue;
    last = std::max(last.value_or(lease.expires), lease.expires);
  }
  return last;
}

// ---- Starting

std::vector<TargetState*> Core::startable_in_order(Instant now, bool held_too) const {
  std::vector<TargetState*> found;
  for (const auto& state : states_) {
    if (!state->configured || !state->reasons.why.queued) continue;
    if (held_too || state->verdict.hold == Hold::None) found.push_back(state.get());
  }
  if (found.size() < 2) return found;
  const auto points = [&](const TargetState& state) {
    const auto waited = std::chrono::duration<double>(now - *state.waiting_since).count();
    return priority_.score(state.id(), state.reasons.why.total_paths, scheduling_, now) +
           kPointsPerSecond * waited + (state.urgent ? kUrgentPoints : 0);
  };
  std::vector<std::pair<double, TargetState*>> ranked;
  ranked.reserve(found.size());
  for (auto* state : found) ranked.emplace_back(points(*state), state);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::transform(ranked.begin(), ranked.end(), found.begin(),
                 [](const auto& entry) { return entry.second; });
  return found;
}

void Core::start(TargetState& state, Actions& actions, Instant now) {
  auto& why = state.reasons.why;
  why.cause = state.reasons.cause.value_or(Cause::Changed);
  why.clock = clock_;
  why.started = now;
  state.self = state.self_triggered_by_now();

  Running running{.build = BuildId(next_build_id_++),
                  .clock = clock_,
                  .asked = state.asked,
                  .started = now,
                  .attempt = std::exchange(state.next_attempt, 1),
                  .requested = std::exchange(state.requested, false)};
  running.reasons = std::exchange(state.reasons, {});
  state.last_why = running.reasons.why;
  state.urgent = false;
  state.restorable = false;
  state.waiting_since.reset();
  state.retry_at.reset();
  actions.push_back(StartBuild{.build = running.build,
                               .target = state.id(),
                               .clock = running.clock,
                               .why = running.reasons.why,
                               .attempt = running.attempt});
  state.running = std::move(running);
}

// ---- Time

std::optional<Instant> Core::next_event(const TargetState& state, Instant now) const {
  if (!state.configured) return std::nullopt;
  switch (state.verdict.hold) {
    case Hold::Git:
      return git_hold(state, now);
    case Hold::Window:
      return window_closes(state, now);
    case Hold::Retry:
    case Hold::Blocked:  // what it hopes for then may be nobody's to wait for
      return paused_ && !state.requested ? std::nullopt : state.retry_at;
    case Hold::Loop:
      return state.loop_pause_ends();
    case Hold::Lease:
      return lease_expiry(state);
    case Hold::None:
    case Hold::Build:
    case Hold::Disabled:
    case Hold::Paused:
    case Hold::Dependency:
    case Hold::Exclusive:
    case Hold::Slot:
      return std::nullopt;
  }
  return std::nullopt;
}

// ---- Queries

Verdict Core::verdict(const TargetId& target) const {
  const auto* state = find(target);
  return state ? state->verdict : Verdict{};
}

const Why* Core::why(const TargetId& target) const {
  const auto* state = find(target);
  return state && state->last_why ? &*state->last_why : nullptr;
}

std::vector<TargetId> Core::queue(Instant now) const {
  std::vector<TargetId> ids;
  for (const auto* state : startable_in_order(now, true)) ids.push_back(state->id());
  return ids;
}

std::vector<RunningBuild> Core::running() const {
  std::vector<RunningBuild> builds;
  for (const auto& state : states_) {
    if (!state->running) continue;
    builds.push_back({.build = state->running->build,
                      .target = state->id(),
                      .clock = state->running->clock,
                      .attempt = state->running->attempt,
                      .cancelling = state->running->cancelling.has_value()});
  }
  return builds;
}

std::vector<TargetId> Core::unevaluated() const {
  std::vector<TargetId> ids;
  for (const auto& state : states_) {
    if (state->configured && !state->evaluated) ids.push_back(state->id());
  }
  return ids;
}

}  // namespace poltergeist::build
