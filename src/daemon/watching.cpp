// SPDX-License-Identifier: MIT
#include "daemon/watching.h"

#include <sys/epoll.h>

#include <utility>

#include "base/log.h"
#include "daemon/watch_options.h"
#include "sys/clock.h"

namespace poltergeist::daemon {

Watching::Watching(Loop& loop, state::ProjectPaths paths, Listener listener)
    : loop_(loop),
      paths_(std::move(paths)),
      listener_(std::move(listener)),
      timer_(loop_, "watching", [this] { take_ready(); }) {}

Result<std::unique_ptr<Watching>> Watching::create(Loop& loop, const config::Project& project,
                                                   const state::ProjectPaths& paths,
                                                   Listener listener) {
  std::unique_ptr<Watching> watching(new Watching(loop, paths, std::move(listener)));
  auto opened = watch::open_source(project.root, watch_backend_for(project));
  if (!opened.choice.empty()) log_warn("{}", opened.choice);
  watching->choice_ = std::move(opened.choice);
  auto watcher = watch::Watcher::create(project.root, watching->options_for(project),
                                        std::move(opened.source), now());
  if (!watcher) return fail(watcher.error());
  watching->watcher_ = std::move(*watcher);
  watching->told_state_ = watching->watcher_->state();
  watching->wait_for_mounts();
  watching->wait_again();
  return watching;
}

watch::Options Watching::options_for(const config::Project& project) {
  targets_.clear();
  for (const auto& target : project.targets) targets_.push_back(target.name);
  return watch_options_for(project, paths_.state_dir());
}

void Watching::sync() {
  report(watcher_->sync(now()));
}

void Watching::end_build() {
  report(watcher_->end_build(now()));
}

void Watching::take_ready() {
  report(watcher_->apply(now()));
}

Result<void> Watching::configure(const config::Project& project) {
  const auto targets_before = targets_;
  auto batch = watcher_->configure(options_for(project), now());
  if (!batch) {
    targets_ = targets_before;
    return fail(batch.error());
  }
  report(*batch);
  return {};
}

void Watching::report(const watch::Batch& batch) {
  if (batch.overflowed) log_warn("the kernel's queue of events was full: the tree was compared");
  wait_again();

  const auto state = watcher_->state();
  if (state != told_state_) {
    told_state_ = state;
    log_info("watching: {} {}", name_in(watch::kWatchStates, state.kind), state.reason);
    listener_.on_state(this->state());
  }
  // Before the changes if git has begun, for a window that they open must know that git holds it;
  // behind them if it has ended, for they are what it wrote.
  const bool git = watcher_->git_operation_running();
  const bool git_told = std::exchange(told_git_, git);
  if (git && !git_told) listener_.on_git_operation(true);
  report_changes(batch);
  if (!git && git_told) listener_.on_git_operation(false);
}

void Watching::report_changes(const watch::Batch& batch) {
  std::vector<build::Touched> touched(targets_.size());
  bool configuration = false;
  for (const auto& change : batch.changes) {
    const bool rewritten = change.kind == watch::Change::Kind::Rewritten;
    for (const auto index : change.targets.indexes()) {
      if (index >= targets_.size()) {
        configuration = true;
        continue;
      }
      auto& target = touched[index];
      if (rewritten) {
        target.rewritten.push_back(change.path);
        continue;
      }
      ++target.total;
      if (target.paths.size() < build::kTriggerPaths) target.paths.push_back(change.path);
    }
  }
  for (std::size_t i = 0; i < touched.size(); ++i) {
    touched[i].target = targets_[i];
    touched[i].noticed = batch.hinted;
    touched[i].restored = batch.restored.contains(i);
  }
  std::erase_if(touched, [](const build::Touched& target) {
    return target.total == 0 && target.rewritten.empty();
  });
  if (!touched.empty()) listener_.on_touched(touched, batch.clock);
  if (configuration) listener_.on_configuration();
}

void Watching::wait_for_mounts() {
  if (watcher_->mounts_fd() < 0) return;
  auto told = loop_.watch(watcher_->mounts_fd(), EPOLLPRI, "mounts", [this](std::uint32_t) {
    watcher_->note_mounts();
    take_ready();
  });
  if (!told) {
    log_error("mounts: {}", told.error().message);
    return;
  }
  mounts_ = std::move(*told);
  // What was mounted while the tree was read is news of before, and told to nobody.
  watcher_->note_mounts();
}

void Watching::wait_again() {
  timer_.arm(watcher_->deadline());
  if (watcher_->fd() == watched_fd_ && readable_) return;
  watched_fd_ = watcher_->fd();
  readable_.reset();
  if (watched_fd_ < 0) return;
  auto readable =
      loop_.watch(watched_fd_, EPOLLIN, "watching", [this](std::uint32_t) { take_ready(); });
  if (!readable) {
    log_error("watching: {}", readable.error().message);
    return;
  }
  readable_ = std::move(*readable);
}

state::WatchState Watching::state() const {
  const auto state = watcher_->state();
  return {.state = value_in(state::kWatchStatuses, name_in(watch::kWatchStates, state.kind))
                       .value_or(state::WatchStatus::Failed),
          .reason = state.reason,
          .clock = watcher_->clock()};
}

std::size_t Watching::index_of(const TargetId& target) const {
  const auto found = std::find(targets_.begin(), targets_.end(), target);
  return static_cast<std::size_t>(found - targets_.begin());
}

void Watching::begin_build(const TargetId& target) {
  const auto index = index_of(target);
  if (index < targets_.size()) watcher_->begin_build(index);
}

std::string Watching::fingerprint(const TargetId& target) const {
  const auto index = index_of(target);
  return index == targets_.size() ? std::string() : watcher_->fingerprint(index).to_hex();
}

std::size_t Watching::file_count(const TargetId& target) const {
  const auto index = index_of(target);
  return index == targets_.size() ? 0 : watcher_->file_count(index);
}

const TargetId* Watching::target_at(std::size_t index) const {
  return index < targets_.size() ? &targets_[index] : nullptr;
}

}  // namespace poltergeist::daemon
