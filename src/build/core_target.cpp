// SPDX-License-Identifier: MIT
#include "build/core_target.h"

#include <algorithm>

namespace poltergeist::build {

namespace {

constexpr int kLoopBuilds = 2;  // set off by themselves, behind the one that was not
constexpr Duration kLongestLoopDelay = Seconds(30);
constexpr int kLoopPauses = 6;  // 1, 2, 4, 8, 16 and 30 s

void add_paths(Why& why, const std::vector<RelPath>& paths) {
  for (const auto& path : paths) {
    if (why.paths.size() == kTriggerPaths) return;
    if (std::find(why.paths.begin(), why.paths.end(), path) == why.paths.end()) {
      why.paths.push_back(path);
    }
  }
}

std::vector<RelPath> sorted(std::vector<RelPath> paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

// More are not remembered, and count as changes.
constexpr std::size_t kMostRewrites = 1000;

void insert(std::vector<RelPath>& sorted_paths, const RelPath& path) {
  const auto place = std::lower_bound(sorted_paths.begin(), sorted_paths.end(), path);
  if (place != sorted_paths.end() && *place == path) return;
  if (sorted_paths.size() < kMostRewrites) sorted_paths.insert(place, path);
}

}  // namespace

void Reasons::add(Cause added) {
  if (!cause || added < *cause) cause = added;
}

void Reasons::add_changes(const Touched& touched, Instant now) {
  add(Cause::Changed);
  add_paths(why, touched.paths);
  why.total_paths += std::max(touched.total, touched.paths.size());
  why.first_event = earlier(why.first_event, touched.noticed.value_or(now));
}

void Reasons::restore(Reasons older) {
  if (older.cause) add(*older.cause);
  outside = outside || older.outside;
  std::swap(why.paths, older.why.paths);
  add_paths(why, older.why.paths);
  why.total_paths += older.why.total_paths;
  why.first_event = earlier(why.first_event, older.why.first_event);
  if (!why.window_closed) why.window_closed = older.why.window_closed;
  if (older.why.dependency) why.dependency = older.why.dependency;
}

Touched TargetState::changes_in(const Touched& touched) {
  auto changes = touched;
  changes.total = std::max(touched.total, touched.paths.size());
  changes.rewritten.clear();
  if (!running) return changes;
  for (const auto& path : touched.rewritten) {
    insert(running->rewritten, path);
    if (std::binary_search(own_rewrites.begin(), own_rewrites.end(), path)) continue;
    ++changes.total;
    if (changes.paths.size() < kTriggerPaths) changes.paths.push_back(path);
  }
  return changes;
}

void TargetState::add_own_rewrites(const std::vector<RelPath>& paths) {
  for (const auto& path : paths) insert(own_rewrites, path);
}

void TargetState::ask(Cause cause) {
  ++asked;
  reasons.add(cause);
  if (cause != Cause::Retry) drop_retry();
}

void TargetState::drop_retry() {
  retry_at.reset();
  next_attempt = 1;
}

void TargetState::close_window(Instant now) {
  if (!window.is_open()) return;
  window.close();
  reasons.why.window_closed = now;
  // A window of no length leaves the queue, too, though nobody saw it open.
  reasons.why.queued.reset();
}

void TargetState::forget_wishes() {
  requested = false;
  urgent = false;
  if (is_stale()) return;
  reasons = {};
  waiting_since.reset();
  window.close();
}

SelfTriggered TargetState::self_triggered_by_now() const {
  if (reasons.outside || reasons.cause != Cause::Changed) return {};
  auto paths = sorted(reasons.why.paths);
  const int before = paths == self.paths ? self.builds : 0;
  return {before + 1, std::move(paths)};
}

int TargetState::loop_builds() const {
  if (self.builds < kLoopBuilds || !last_end) return 0;
  return std::max(self_triggered_by_now().builds - kLoopBuilds, 0);
}

std::optional<Instant> TargetState::loop_pause_ends() const {
  const int pauses = loop_builds();
  if (pauses == 0 || pauses > kLoopPauses) return std::nullopt;
  return *last_end + std::min<Duration>(Seconds(1) * (1 << (pauses - 1)), kLongestLoopDelay);
}

bool TargetState::is_held_by_loop(Instant now) const {
  if (loop_builds() == 0) return false;
  const auto ends = loop_pause_ends();
  return !ends || *ends > now;
}

const TargetState* blocker_of(const TargetState& state) {
  for (const auto* dependency : state.dependencies) {
    if (dependency->is_ignored()) continue;
    if (dependency->verdict.standing == Standing::Failed) return dependency;
    if (dependency->verdict.standing == Standing::Blocked) return blocker_of(*dependency);
  }
  return nullptr;
}

const TargetState* awaited_by(const TargetState& state) {
  for (const auto* dependency : state.dependencies) {
    if (dependency->is_ignored()) continue;
    switch (dependency->verdict.standing) {
      case Standing::Unknown:
      case Standing::Building:
      case Standing::Pending:
        return dependency;
      case Standing::Fresh:
      case Standing::Failed:
      case Standing::Blocked:
        break;
    }
  }
  return nullptr;
}

std::vector<TargetState*> with_dependencies(TargetState& state) {
  std::vector<TargetState*> found;
  const auto add = [&](TargetState& next, const auto& recurse) -> void {
    if (std::find(found.begin(), found.end(), &next) != found.end()) return;
    for (auto* dependency : next.dependencies) recurse(*dependency, recurse);
    found.push_back(&next);
  };
  add(state, add);
  return found;
}

}  // namespace poltergeist::build
