// SPDX-License-Identifier: MIT
// The part of a Watcher that keeps hold of the root, and says how it is.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "watch/inotify_source.h"
#include "watch/watcher_core.h"

namespace poltergeist::watch {

namespace {

constexpr Seconds kRootRetry{1};

bool is_same_directory(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

bool Watcher::Core::check_root(Instant now) {
  struct stat status {};
  const bool there = ::lstat(root_.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const bool other = std::exchange(root_gone_, false) || !is_same_directory(status, root_status_);
  if (root_trouble_.empty() && there && !other) return true;
  if (root_trouble_.empty()) lose_root("it is gone", now);
  if (there && find_root(now)) return true;
  if (now >= root_retry_at_) lose_root(root_trouble_, now);
  return false;
}

// The files stay as they were known: nothing is built for a tree that is not there, and when it is
// back, the difference counts.
void Watcher::Core::lose_root(std::string why, Instant now) {
  root_trouble_ = std::move(why);
  root_retry_at_ = now + kRootRetry;
  crawler_.unwatch(crawler_.tree().root());
  asides_.set(Asides::Purpose::GitLock, {});
  asides_.set(Asides::Purpose::IgnoreFiles, {});
  asides_.set(Asides::Purpose::Boundaries, {});
  for (auto above = root_; above.has_relative_path();) {
    above = above.parent_path();
    struct stat status {};
    if (::stat(above.c_str(), &status) != 0) continue;
    asides_.set(Asides::Purpose::AboveRoot, {{.directory = above, .names = {}}});
    return;
  }
}

// A directory that somebody stands in does not say that it was deleted; the one above it does.
// Watched before the root is looked at, so that nothing falls between.
void Watcher::Core::watch_above_root() {
  if (!root_.has_relative_path()) return;
  asides_.set(Asides::Purpose::AboveRoot, {{.directory = root_.parent_path(),
                                            .names = {root_.filename().string()},
                                            .interest = Interest::Above}});
}

bool Watcher::Core::find_root(Instant now) {
  watch_above_root();
  struct stat status {};
  if (::lstat(root_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    root_trouble_ = "root missing";
    return false;
  }
  if (const auto watched = crawler_.watch_root(); !watched) {
    root_trouble_ = watched.error().message;
    return false;
  }
  root_trouble_.clear();
  root_status_ = status;
  rescan_wanted_ = false;
  clear_marks();
  watch_asides();
  crawler_.reread(crawler_.tree().root(), Crawler::Reach::Identity);
  batch_.rescanned = true;
  git_.look(now);
  return true;
}

void Watcher::Core::watch_asides() {
  using Purpose = Asides::Purpose;
  std::vector<Asides::Place> lock;
  std::vector<Asides::Place> beginning;
  if (places_) {
    lock.push_back({.directory = places_->own, .names = GitHold::names()});
  } else {
    // A `.git` that is not a repository may be about to become one.
    beginning.push_back({.directory = root_ / ".git", .names = {}});
  }
  asides_.set(Purpose::GitLock, lock);
  asides_.set(Purpose::GitPlaces, beginning);
  std::vector<Asides::Place> ignores;
  if (crawler_.rules().git() != nullptr) {
    for (auto& [directory, names] : crawler_.rules().git()->outside()) {
      ignores.push_back({.directory = directory, .names = names, .or_the_way_there = true});
    }
  }
  asides_.set(Purpose::IgnoreFiles, ignores);
  watch_boundaries();
}

// A repository that is one no more is a part of the tree.
void Watcher::Core::watch_boundaries() {
  std::vector<Asides::Place> places;
  for (const auto& directory : crawler_.boundaries()) {
    places.push_back({.directory = directory.under(root_), .names = {".git"}});
  }
  asides_.set(Asides::Purpose::Boundaries, places);
  watched_boundaries_ = crawler_.boundaries();
  watched_boundaries_met_ = crawler_.boundaries_met();
  // Watched first, looked at after: nothing falls between.
  for (const auto& directory : watched_boundaries_) {
    if (!crawler_.is_boundary(directory)) directories_.insert(directory.parent());
  }
}

// ---- How it is

WatchState Watcher::Core::state() const {
  if (!root_trouble_.empty()) {
    return {WatchState::Kind::Failed, fmt::format("{}: {}; nothing is built until it is back",
                                                  root_.string(), root_trouble_)};
  }
  if (!source_trouble_.empty()) return {WatchState::Kind::Failed, source_trouble_};
  if (rescan_wanted_ && hints_lost_) {
    return {WatchState::Kind::Rescanning, "changes were lost: comparing all"};
  }
  std::string reason = source_->shortfall();
  const auto add = [&](const std::string& further) {
    if (!reason.empty() && !further.empty()) reason += "; ";
    reason += further;
  };
  auto unwatched = crawler_.polled() + asides_.unwatched();
  for (const auto& mount : crawler_.polled_mounts()) {
    add(fmt::format("{} is on {}, which does not report changes: it is read every {} ms",
                    mount.place.under(root_).string(), mount.eventless,
                    options_.poll_interval.count()));
    unwatched -= mount.polled;
  }
  if (unwatched > 0) add(limit_reason(unwatched));
  const auto& unreadable = crawler_.unreadable();
  if (!unreadable.empty()) {
    add(fmt::format("{} may not be read", unreadable.begin()->under(root_).string()));
    if (unreadable.size() > 1) reason += fmt::format(", nor {} others", unreadable.size() - 1);
  }
  if (git_.has_left_its_lock()) {
    add(
        fmt::format("{} was left behind: it holds no build back, and keeps git from working; if no "
                    "git is running, remove it",
                    git_.lock().string()));
  }
  if (reason.empty()) return {};
  return {WatchState::Kind::Degraded, reason};
}

std::string Watcher::Core::limit_reason(std::size_t unwatched) const {
  const auto needed = counters().watches_needed;
  const auto limit = inotify_limit(InotifyResource::Watches);
  return fmt::format(
      "{} of {} directories have no inotify watch and are read every {} ms: {} watches are needed, "
      "this user may have {}, other programs' included; raise it: {}",
      unwatched, needed, options_.poll_interval.count(), needed, limit.value,
      raise_command(InotifyResource::Watches, limit, needed));
}

Counters Watcher::Core::counters() const {
  auto counters = counters_;
  counters.watches = crawler_.table().size();
  counters.polled = crawler_.polled();
  counters.directories = crawler_.tree().directory_count();
  counters.files = crawler_.tree().file_count();
  counters.boundaries = crawler_.boundaries().size();
  counters.watches_needed = counters.directories + asides_.count();
  return counters;
}

}  // namespace poltergeist::watch
