// SPDX-License-Identifier: MIT
#include "state/state_manager.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "state/target_state_json.h"
#include "sys/files.h"

namespace poltergeist::state {

namespace {

constexpr Milliseconds kPace{200};     // between writes that may wait
constexpr Milliseconds kRetry{2'000};  // after a write that failed
// Most programs that are told to end have ended by then, and are told of together with what
// follows.
constexpr Milliseconds kEndTakes{5};

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

StateManager::StateManager(ProjectPaths paths, WallTime started, MakeSafe make_safe,
                           Duration heartbeat)
    : paths_(std::move(paths)),
      process_{.pid = ::getpid(),
               .hostname = host_name(),
               .is_active = true,
               .start_time = started,
               .last_heartbeat = started},
      make_safe_(std::move(make_safe)),
      heartbeat_(heartbeat) {
  sweep_temporaries(paths_.state_dir());
}

void StateManager::add(const TargetIdentity& identity, Moment at) {
  const auto [found, is_new] = entries_.try_emplace(identity.target);
  auto& known = found->second;
  if (is_new) take_up_old(identity, known, at);
  if (!is_new && known.state.identity == identity) return;
  known.state.identity = identity;
  write_now(known, at);
}

void StateManager::take_up_old(const TargetIdentity& identity, Entry& entry, Moment at) const {
  const auto file = paths_.state_file(identity.target);
  auto old = load_state(file);
  if (!old) {
    if (old.error().code != Errc::NotFound) {
      log_warn("the old state of {} is not used: {}", identity.target.value(), old.error().message);
    }
    return;
  }
  // Eight digits of a hash may be another project's as well.
  if (old->identity.project_root != identity.project_root) {
    log_warn("{} is of another project ({}): it is replaced", file.string(),
             old->identity.project_root.string());
    return;
  }
  recovered_after_crash(*old, at.wall);
  entry.state = std::move(*old);
}

void StateManager::remove(const TargetId& target) {
  if (entries_.erase(target) == 0) return;
  std::error_code error;
  std::filesystem::remove(paths_.state_file(target), error);
  if (error) log_warn("the state file of {} stays: {}", target.value(), error.message());
  forget_settled_trouble();
}

void StateManager::remove_unknown() {
  std::error_code error;
  std::filesystem::directory_iterator files(paths_.state_dir(), error);
  std::vector<std::filesystem::path> unknown;
  for (const std::filesystem::directory_iterator end; !error && files != end;
       files.increment(error)) {
    const auto& file = files->path();
    const auto name = file.filename().string();
    if (!name.starts_with(paths_.key() + "-") || !name.ends_with(".state")) continue;
    const auto state = load_state(file);
    if (!state || state->identity.project_root != paths_.root()) continue;
    const auto& target = state->identity.target;
    if (entries_.contains(target) || file != paths_.state_file(target)) continue;
    unknown.push_back(file);
  }
  for (const auto& file : unknown) std::filesystem::remove(file, error);
}

const TargetState* StateManager::find(const TargetId& target) const {
  const auto found = entries_.find(target);
  return found == entries_.end() ? nullptr : &found->second.state;
}

std::vector<TargetId> StateManager::targets() const {
  std::vector<TargetId> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

BuildId StateManager::highest_build() const {
  BuildId highest;
  for (const auto& [name, entry] : entries_) {
    if (entry.state.last_build) highest = std::max(highest, entry.state.last_build->id);
  }
  return highest;
}

bool StateManager::build_started(const TargetId& target, const BuildStart& start, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr) return false;
  on_build_started(known->state, start, at.wall);
  write_now(*known, at);
  tell_status(*known);
  return true;
}

bool StateManager::build_progress(const TargetId& target, BuildId build, const Progress& progress,
                                  Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || !on_build_progress(known->state, build, progress)) return false;
  write_paced(*known, at);
  return true;
}

bool StateManager::build_stalled(const TargetId& target, BuildId build,
                                 std::optional<WallTime> since, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || !on_build_stalled(known->state, build, since)) return false;
  write_now(*known, at);
  return true;
}

bool StateManager::build_ended(const TargetId& target, const BuildEnd& end, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || !on_build_ended(known->state, end, at.wall)) return false;
  const bool verdict = end.verdict != BuildVerdict::Cancelled;
  if (verdict) known->unsafe = at.now;
  write_now(*known, at);
  if (verdict) tell_status(*known);
  return true;
}

bool StateManager::set_timing(const TargetId& target, BuildId build, const Timing& timing,
                              Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || !on_timing(known->state, build, timing)) return false;
  write_by(*known, at.now + kEndTakes);
  return true;
}

bool StateManager::set_watch(const TargetId& target, const WatchState& watch, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || known->state.watch == watch) return false;
  const auto before = std::exchange(known->state.watch, watch);
  // The clock ticks with every change in the whole project: it is written along, not for itself.
  const bool only_clock = before && before->state == watch.state && before->reason == watch.reason;
  if (!only_clock) write_now(*known, at);
  return true;
}

bool StateManager::set_freshness(const TargetId& target, const Freshness& freshness, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || known->state.freshness == freshness) return false;
  const auto before = std::exchange(known->state.freshness, freshness);
  if (before && before->fresh == freshness.fresh) {
    write_paced(*known, at);
  } else {
    write_now(*known, at);
  }
  return true;
}

bool StateManager::set_output_path(const TargetId& target, std::string_view path, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || known->state.output_path == path) return false;
  known->state.output_path = path;
  write_now(*known, at);
  return true;
}

bool StateManager::set_hook(const TargetId& target, const HookResult& result, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr) return false;
  auto& hook = known->state.hooks[result.name];
  if (hook == result) return false;
  hook = result;
  write_now(*known, at);
  return true;
}

bool StateManager::set_runner(const TargetId& target, const RunnerState& runner, Moment at) {
  auto* known = entry_for(target);
  if (known == nullptr || known->state.runner == runner) return false;
  known->state.runner = runner;
  write_by(*known, runner.status == RunnerStatus::Stopping ? at.now + kEndTakes : at.now);
  return true;
}

bool StateManager::is_behind(const TargetId& target) const {
  const auto found = entries_.find(target);
  return !closed_ && found != entries_.end() && found->second.due && !found->second.trouble;
}

Subscription StateManager::on_status(OnStatus listener) {
  return status_.add(std::move(listener));
}

std::optional<Instant> StateManager::deadline() const {
  std::optional<Instant> first;
  for (const auto& [name, entry] : entries_) {
    first = earlier(first, due(entry));
    if (!closed_ && !entry.trouble) first = earlier(first, entry.unsafe);
  }
  return first;
}

std::optional<Instant> StateManager::due(const Entry& entry) const {
  if (closed_) return std::nullopt;
  if (heartbeat_ == Duration::zero() || !entry.written) return entry.due;
  return earlier(entry.due, *entry.written + heartbeat_);
}

void StateManager::on_time(Moment at) {
  for (auto& [name, entry] : entries_) {
    const auto when = due(entry);
    if (when && *when <= at.now) write(entry, Sync::No, at);
    if (entry.unsafe && *entry.unsafe <= at.now && !entry.trouble) make_safe(name, entry);
  }
}

// It need not be the same file any more: each later one holds the verdict, or a later one's.
void StateManager::make_safe(const TargetId& target, Entry& entry) {
  entry.unsafe.reset();
  make_safe_(paths_.state_file(target), [this, target](const Result<void>& made, Moment at) {
    auto* known = entry_for(target);
    if (known == nullptr) return;
    known->unsafe_trouble = !made;
    if (made) return forget_settled_trouble();
    // Written again as well: it may not be there any more.
    known->unsafe = known->due = at.now + kRetry;
    note_trouble(made.error());
  });
}

void StateManager::close(Moment at) {
  process_.is_active = false;
  for (auto& [name, entry] : entries_) write(entry, Sync::Yes, at);
  closed_ = true;
}

StateManager::Entry* StateManager::entry_for(const TargetId& target) {
  const auto found = entries_.find(target);
  return closed_ || found == entries_.end() ? nullptr : &found->second;
}

void StateManager::write_now(Entry& entry, Moment at) {
  write(entry, Sync::No, at);
}

void StateManager::write_by(Entry& entry, Instant when) {
  entry.due = earlier(entry.due, when);
}

void StateManager::write_paced(Entry& entry, Moment at) {
  if (entry.due) return;  // a write is coming that will hold this, too
  if (!entry.written || at.now - *entry.written >= kPace) {
    write_now(entry, at);
  } else {
    entry.due = *entry.written + kPace;
  }
}

void StateManager::write(Entry& entry, Sync sync, Moment at) {
  if (closed_) return;
  auto& state = entry.state;
  process_.last_heartbeat = at.wall;
  state.process = process_;
  ++state.seq;
  const auto written =
      write_file(paths_.state_file(state.identity.target), state_text(state), sync);
  if (!written) {
    entry.due = at.now + kRetry;
    entry.trouble = true;
    note_trouble(written.error());
    return;
  }
  entry.written = at.now;
  entry.trouble = false;
  entry.due.reset();
  forget_settled_trouble();
}

void StateManager::note_trouble(const Error& error) {
  if (!degraded_) log_error("state files are behind: {}", error.message);
  degraded_ = error.message;
}

void StateManager::forget_settled_trouble() {
  if (!degraded_) return;
  const bool any = std::any_of(entries_.begin(), entries_.end(), [](const auto& known) {
    return known.second.trouble || known.second.unsafe_trouble;
  });
  if (any) return;
  log_info("state files are up to date again");
  degraded_.reset();
}

void StateManager::tell_status(const Entry& entry) {
  // Values of our own: a listener may change or remove the target.
  const TargetId target = entry.state.identity.target;
  const LastBuild build = *entry.state.last_build;
  status_.call(target, build);
}

}  // namespace poltergeist::state
