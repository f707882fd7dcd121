// SPDX-License-Identifier: MIT
// The part of a Crawler that reads directories, many of them with a second thread (measured: a
// first crawl of 10,000 directories takes 0.6 times as long).
#include <optional>
#include <utility>

#include "sys/clock.h"
#include "watch/crawler.h"

namespace poltergeist::watch {

namespace {

// For fewer, starting a thread takes longer; and something is left for this one.
constexpr std::size_t kWorthSharing = 2 * ReadAhead::kBatch;

}  // namespace

void Crawler::reread(DirectoryId directory, Reach reach) {
  if (directory == tree_.root() && reach != Reach::Names) {
    unreadable_.clear();
    boundaries_.clear();
  }
  waiting_.push_back({directory, reach});
  work_off();
}

void Crawler::work_off() {
  std::optional<ReadAhead> ahead;
  is_sharing_ = true;
  files_met_ = files_wanted_ = 0;
  while (true) {
    if (is_sharing_ && waiting_.size() >= kWorthSharing) {
      if (!ahead) ahead.emplace();
      read_ahead(*ahead);
    }
    // Nobody waits for the other as long as there is something to do.
    const bool is_alone = waiting_.empty() || !is_sharing_;
    if (!ahead_.empty() && (is_alone || ahead->is_ready())) {
      take_next(*ahead);
    } else if (!waiting_.empty()) {
      const auto turn = waiting_.back();
      waiting_.pop_back();
      if (is_to_read(turn)) read(turn);
    } else {
      break;
    }
  }
  reader_.close();
}

void Crawler::read_ahead(ReadAhead& ahead) {
  using Look = ReadAhead::Look;
  while (ahead.has_room() && waiting_.size() >= kWorthSharing) {
    std::size_t count = 0;
    while (count < ReadAhead::kBatch && !waiting_.empty()) {
      const auto turn = waiting_.back();
      waiting_.pop_back();
      if (!is_to_read(turn)) continue;
      ahead.add(absolute(turn.directory));
      ahead_.push_back(turn);
      ++count;
    }
    if (count > 0) ahead.begin(files_wanted_ * 2 >= files_met_ ? Look::Files : Look::Names);
  }
}

void Crawler::take_next(ReadAhead& ahead) {
  const auto& listing = ahead.take();
  const auto turn = ahead_.front();
  ahead_.pop_front();
  // What was read meanwhile may have taken it away.
  if (!tree_.at(turn.directory).alive || listing.path != absolute(turn.directory)) return;
  if (listing.read) {
    take(turn, listing.reader, listing.at);
  } else {
    take_failure(turn, listing.read.error(), /*was_ahead=*/true);
  }
}

bool Crawler::loads_new_ignore_files(DirectoryId directory, const DirectoryReader& listing) {
  if (rules_.git() == nullptr || tree_.at(directory).access != Rules::Access::Full) return false;
  const auto& path = tree_.at(directory).path;
  bool any = rules_.git()->knows(path);
  for (const auto& entry : listing.entries()) {
    any = any || GitIgnores::is_ignore_file(listing.name(entry));
  }
  return any && reload_ignore_files(path);
}

bool Crawler::is_to_read(const Waiting& turn) {
  const auto [directory, reach] = turn;
  if (!tree_.at(directory).alive) return false;
  if (reach != Reach::Identity || give_watch(directory) != Watch::Refused ||
      unreadable_.contains(tree_.at(directory).path)) {
    return true;
  }
  if (directory != tree_.root()) drop(directory);
  return false;
}

void Crawler::read(const Waiting& turn) {
  const auto at = wall_now();
  if (const auto done = reader_.read(absolute(turn.directory)); !done) {
    take_failure(turn, done.error(), /*was_ahead=*/false);
  } else {
    take(turn, reader_, at);
  }
}

void Crawler::take_failure(const Waiting& turn, const Error& why, bool was_ahead) {
  if (why.code == Errc::NotFound) {
    if (turn.directory != tree_.root()) drop(turn.directory);
  } else if (why.code != Errc::Denied && (was_ahead || !ahead_.empty())) {
    // Those that are open may be too many: once more, when it is the only one.
    is_sharing_ = false;
    waiting_.push_back(turn);
  } else {
    // What is known stays known: it cannot be told that anything changed.
    unreadable_.insert(tree_.at(turn.directory).path);
  }
}

void Crawler::take(const Waiting& turn, const DirectoryReader& listing, WallTime at) {
  auto [directory, reach] = turn;
  const bool is_root = directory == tree_.root();
  unreadable_.erase(tree_.at(directory).path);
  boundaries_.erase(tree_.at(directory).path);
  for (const auto& entry : listing.entries()) {
    if (!is_root && listing.name(entry) == ".git" && !rules_.leads_into(tree_.at(directory).path)) {
      auto boundary = tree_.at(directory).path;
      drop(directory);
      boundaries_.insert(std::move(boundary));
      ++boundaries_met_;
      return;
    }
  }
  if (loads_new_ignore_files(directory, listing) && reach == Reach::Names) reach = Reach::Below;

  // A copy-free view: nothing in this loop asks for another directory's.
  const auto& rules = view(directory);
  for (const auto& entry : listing.entries()) {
    const auto name = listing.name(entry);
    if (entry.kind == EntryKind::Directory) {
      const auto access = rules.access(name);
      if (access != Rules::Access::None) meet_directory(directory, name, access, reach);
    } else if (entry.kind == EntryKind::File) {
      ++files_met_;
      const auto targets = rules.claims(name);
      if (targets.empty()) continue;
      ++files_wanted_;
      const auto status = listing.stat_of(entry);
      if (status && kind_of(*status) == EntryKind::File) {
        tree_.set_seen(put_file(directory, name, *status, targets, at), true);
      }
    }
  }
  remove_unseen(directory);
}

void Crawler::meet_directory(DirectoryId parent, std::string_view name, Rules::Access access,
                             Reach reach) {
  auto child = tree_.find_child(parent, name);
  if (child == DirectoryId::None) {
    child = enter(parent, name, access);
    if (child != DirectoryId::None) tree_.at(child).seen = true;
    return;
  }
  auto& one = tree_.at(child);
  one.seen = true;
  const bool other_access = std::exchange(one.access, access) != access;
  if (reach != Reach::Names) {
    waiting_.push_back({child, reach});
  } else if (other_access) {
    waiting_.push_back({child, Reach::Below});
  }
}

DirectoryId Crawler::enter(DirectoryId parent, std::string_view name, Rules::Access access) {
  const auto child = tree_.add_directory(parent, name, access);
  if (give_watch(child) == Watch::Refused) {
    tree_.remove_directory(child);
    return DirectoryId::None;
  }
  waiting_.push_back({child, Reach::Names});
  return child;
}

void Crawler::remove_unseen(DirectoryId directory) {
  for (auto file = tree_.at(directory).first_file; file != FileId::None;) {
    const auto next = tree_.next_in_directory(file);
    if (tree_.is_seen(file)) {
      tree_.set_seen(file, false);
    } else {
      remove_file(file);
    }
    file = next;
  }
  for (auto child = tree_.at(directory).first_child; child != DirectoryId::None;) {
    const auto next = tree_.at(child).next_sibling;
    if (!std::exchange(tree_.at(child).seen, false)) drop(child);
    child = next;
  }
  // Those are no part of the tree: a directory that took another's place had none to tell of.
  const auto& path = tree_.at(directory).path;
  for (auto it = boundaries_.lower_bound(path.child({}));
       it != boundaries_.end() && it->is_within(path);) {
    const bool was_here = it->parent() == path && !is_boundary(*it);
    it = was_here ? boundaries_.erase(it) : std::next(it);
  }
}

}  // namespace poltergeist::watch
