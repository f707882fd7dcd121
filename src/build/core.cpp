// SPDX-License-Identifier: MIT
// The events. What follows from them is decided in core_settle.cpp.
#include "build/core.h"

#include <algorithm>
#include <set>

#include "base/retry.h"
#include "build/core_target.h"

namespace poltergeist::build {

namespace {

void cancel(TargetState& state, CancelReason reason, Actions& actions) {
  if (!state.running || state.running->cancelling) return;
  state.running->cancelling = reason;
  actions.push_back(CancelBuild{state.running->build, state.id(), reason});
}

}  // namespace

Core::Core(std::uint64_t next_build_id) : next_build_id_(next_build_id) {}
Core::~Core() = default;

TargetState* Core::find(const TargetId& target) const {
  for (const auto& state : states_) {
    if (state->configured && state->id() == target) return state.get();
  }
  return nullptr;
}

// ---- Configuration

Actions Core::configure(const Settings& settings, Instant now) {
  Actions actions;
  scheduling_ = settings.scheduling;
  remove_all_but(settings, actions);
  for (const auto& target : settings.targets) adopt(target, actions);
  link_dependencies(settings);
  return settle(std::move(actions), now);
}

void Core::remove_all_but(const Settings& settings, Actions& actions) {
  std::set<TargetId> kept;
  for (const auto& target : settings.targets) kept.insert(target.id);
  for (auto& state : states_) {
    if (!state->configured || kept.contains(state->id())) continue;
    state->configured = false;
    priority_.forget(state->id());
    cancel(*state, CancelReason::Removed, actions);
  }
  std::erase_if(states_, [](const auto& state) { return !state->configured && !state->running; });
}

void Core::adopt(TargetSettings settings, Actions& actions) {
  const auto found = std::find_if(states_.begin(), states_.end(),
                                  [&](const auto& state) { return state->id() == settings.id; });
  if (found == states_.end()) {
    auto state = std::make_unique<TargetState>();
    state->settings = std::move(settings);
    states_.push_back(std::move(state));
    return;
  }
  auto& state = **found;
  if (!state.configured) {
    // Removed and back before its build was gone: a new target, but for the build still running,
    // which may leave anything behind.
    auto running = std::move(state.running);
    state = TargetState{};
    state.running = std::move(running);
    state.running->obsolete = true;
    state.evaluated = true;
    state.ask(Cause::Configuration);
  } else if (state.settings.definition != settings.definition) {
    state.ask(Cause::Configuration);
    cancel(state, CancelReason::Configuration, actions);
  }
  state.settings = std::move(settings);
}

// Also sorts the targets: as they were written, but for dependencies, which come first.
void Core::link_dependencies(const Settings& settings) {
  States sorted;
  const auto take = [&](const TargetId& id) {
    const auto found = std::find_if(states_.begin(), states_.end(),
                                    [&](const auto& state) { return state && state->id() == id; });
    return found == states_.end() ? nullptr : std::exchange(*found, nullptr);
  };
  const auto add = [&](const TargetId& id, const auto& recurse) -> void {
    auto state = take(id);
    if (!state) return;
    state->dependencies.clear();
    state->dependents.clear();
    for (const auto& dependency : state->settings.definition.depends_on) {
      recurse(dependency, recurse);
      const auto found = std::find_if(sorted.begin(), sorted.end(),
                                      [&](const auto& other) { return other->id() == dependency; });
      if (found == sorted.end()) continue;  // no such target, or a cycle
      state->dependencies.push_back(found->get());
      (*found)->dependents.push_back(state.get());
    }
    sorted.push_back(std::move(state));
  };
  for (const auto& target : settings.targets) add(target.id, add);
  for (auto& removed : states_) {
    if (!removed) continue;
    removed->dependencies.clear();
    removed->dependents.clear();
    sorted.push_back(std::move(removed));
  }
  states_ = std::move(sorted);
}

// ---- The tree

Actions Core::on_changes(const std::vector<Touched>& touched, Clock clock, Instant now) {
  Actions actions;
  clock_ = std::max(clock_, clock);
  std::vector<Touched> counted;
  for (const auto& told : touched) {
    auto* state = find(told.target);
    if (!state) continue;
    const auto change = state->changes_in(told);
    if (change.total == 0) continue;
    counted.push_back(change);
    if (told.restored && state->restorable) {
      state->dirty = state->built;
      continue;
    }
    state->dirty = clock_;
    state->window.on_change(now);
    state->reasons.add_changes(change, now);
    state->reasons.outside = state->reasons.outside || !state->running;
    state->drop_retry();
    // What was only rewritten may be the build's own doing.
    const bool is_edit = std::max(told.total, told.paths.size()) > 0;
    if (is_edit && scheduling_.on_change == config::OnChange::Cancel &&
        state->cancellations < kCancellationsInARow) {
      cancel(*state, CancelReason::Changed, actions);
    }
  }
  priority_.on_changes(counted, scheduling_.prioritization, now);
  return settle(std::move(actions), now);
}

Actions Core::on_evaluated(const TargetId& target, Evaluation found, Clock clock, Instant now) {
  clock_ = std::max(clock_, clock);
  auto* state = find(target);
  if (state && !state->evaluated && !state->running) {
    state->evaluated = true;
    state->built = std::max(state->built, clock);
    if (found == Evaluation::Stale) state->ask(Cause::Initial);
    state->restorable = !state->is_stale();
  }
  return settle({}, now);
}

Actions Core::on_git_operation(GitOperation operation, Instant now) {
  git_.on_operation(operation == GitOperation::Running, now);
  return settle({}, now);
}

// ---- Ends of builds

Actions Core::on_ended(BuildId build, Outcome outcome, Instant now) {
  const auto found = std::find_if(states_.begin(), states_.end(), [&](const auto& state) {
    return state->running && state->running->build == build;
  });
  if (found == states_.end()) return {};
  auto& state = **found;
  auto ended = std::move(*state.running);
  state.running.reset();
  if (!state.configured) {
    states_.erase(found);
  } else if (!ended.obsolete) {
    finish(state, std::move(ended), outcome, now);
  }
  return settle({}, now);
}

void Core::finish(TargetState& state, Running ended, Outcome outcome, Instant now) {
  state.last_end = now;
  if (outcome == Outcome::Cancelled) {
    if (ended.cancelling == CancelReason::Changed) ++state.cancellations;
    state.add_own_rewrites(ended.rewritten);
    state.requested = state.requested || ended.requested;
    if (!state.is_stale()) state.next_attempt = ended.attempt;
    state.reasons.restore(std::move(ended.reasons));
    return;
  }
  state.evaluated = true;
  state.cancellations = 0;
  state.built = ended.clock;
  state.answered = ended.asked;
  state.failed = outcome != Outcome::Success;
  state.attempts = state.failed ? ended.attempt : 0;
  state.restorable = !state.failed && state.dirty <= state.built;
  if (!state.failed) state.own_rewrites.clear();
  state.add_own_rewrites(ended.rewritten);
  priority_.on_built(state.id(), !state.failed, now - ended.started);
  if (!state.failed) {
    for (auto* dependent : state.dependents) {
      dependent->ask(Cause::Dependency);
      dependent->reasons.why.dependency = state.id();
    }
  } else if (outcome == Outcome::Failure && !state.is_stale() &&
             ended.attempt <= state.settings.max_retries) {
    state.retry_at = now + retry_delay(ended.attempt, state.settings.backoff_multiplier);
    state.next_attempt = ended.attempt + 1;
    state.requested = ended.requested;
  }
}

// ---- People

Actions Core::request(const TargetId& target, Force force, Instant now) {
  if (auto* wanted = find(target)) {
    for (auto* state : with_dependencies(*wanted)) {
      if (state == wanted) {
        request_one(*state, force, now);
      } else if (state->settings.enabled) {
        request_one(*state, Force::No, now);
      }
    }
  }
  return settle({}, now);
}

void Core::request_one(TargetState& state, Force force, Instant now) {
  state.close_window(now);
  const bool is_answered = state.running && !state.running->cancelling && !state.is_stale();
  const bool is_built = !state.running && !state.is_stale() && state.evaluated && !state.failed;
  if (force == Force::Yes || (!state.running && !state.is_stale() && !is_built)) {
    state.ask(Cause::Requested);
  } else if (is_answered) {
    return;
  } else if (!is_built) {
    state.reasons.add(Cause::Requested);
  }
  // Also of one that is built itself: a dependency that is built now will make it stale.
  state.requested = true;
}

Actions Core::hurry(const TargetId& target, Instant now) {
  if (auto* wanted = find(target)) {
    for (auto* state : with_dependencies(*wanted)) {
      state->close_window(now);
      state->urgent = true;
    }
  }
  return settle({}, now);
}

Actions Core::pause(Instant now) {
  paused_ = true;
  return settle({}, now);
}

Actions Core::resume(Instant now) {
  paused_ = false;
  return settle({}, now);
}

LeaseId Core::lease(const TargetId& target, Instant now) {
  Lease lease{.expires = now + kLeaseTime};
  if (auto* wanted = find(target)) {
    for (const auto* state : with_dependencies(*wanted)) lease.protects.push_back(state->id());
  }
  const LeaseId id(next_lease_++);
  leases_.emplace(id, std::move(lease));
  return id;
}

Actions Core::release(LeaseId lease, Instant now) {
  leases_.erase(lease);
  return settle({}, now);
}

Actions Core::on_time(Instant now) {
  return settle({}, now);
}

}  // namespace poltergeist::build
