// SPDX-License-Identifier: MIT
#include "watch/crawler.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "sys/clock.h"
#include "watch/timestamps.h"

namespace poltergeist::watch {

Crawler::Crawler(std::filesystem::path root, Rules rules, std::size_t targets, ChangeSource& source)
    : root_(std::move(root)),
      rules_(std::move(rules)),
      source_(source),
      tree_(targets),
      grain_(timestamp_grain(root_)) {}

std::string Crawler::absolute(DirectoryId directory, std::string_view name) const {
  const auto& below = tree_.at(directory).path.text();
  std::string path;
  path.reserve(root_.native().size() + below.size() + name.size() + 2);
  path += root_.native();
  if (!below.empty()) path.append(1, '/').append(below);
  if (!name.empty()) path.append(1, '/').append(name);
  return path;
}

bool Crawler::is_boundary(const RelPath& directory) const {
  if (directory.is_root() || rules_.leads_into(directory)) return false;
  struct stat status {};
  return ::lstat((directory.under(root_) / ".git").c_str(), &status) == 0;
}

// ---- Rules

void Crawler::set_rules(Rules rules) {
  view_of_ = DirectoryId::None;
  rules_ = std::move(rules);
}

bool Crawler::reload_ignore_files(const RelPath& directory) {
  view_of_ = DirectoryId::None;
  return rules_.git() != nullptr && rules_.git()->load(directory);
}

bool Crawler::reload_outside_ignore_files() {
  view_of_ = DirectoryId::None;
  return rules_.git() != nullptr && rules_.git()->load_outside();
}

const Rules::Within& Crawler::view(DirectoryId directory) {
  if (view_of_ != directory) {
    const auto& one = tree_.at(directory);
    view_ = rules_.within(one.path, one.access);
    view_of_ = directory;
  }
  return *view_;
}

// ---- Watches

Result<void> Crawler::watch_root() {
  if (give_watch(tree_.root()) != Watch::Refused) return {};
  struct stat status {};
  if (::stat(root_.c_str(), &status) != 0) return fail_errno("{}", root_.string());
  return fail(Errc::Denied, "{}: may not be read", root_.string());
}

void Crawler::unwatch(DirectoryId directory) {
  std::vector<DirectoryId> below{directory};
  while (!below.empty()) {
    const auto id = below.back();
    below.pop_back();
    set_watch(id, WatchToken::None);
    polled_.erase(id);
    for (auto child = tree_.at(id).first_child; child != DirectoryId::None;
         child = tree_.at(child).next_sibling) {
      below.push_back(child);
    }
  }
  limit_reached_ = false;
}

void Crawler::set_watch(DirectoryId directory, WatchToken token) {
  auto& one = tree_.at(directory);
  if (one.token == token) return;
  const auto old = std::exchange(one.token, token);
  if (token != WatchToken::None) table_.add(token, directory);
  if (old != WatchToken::None && table_.remove(old, directory)) source_.remove(old);
}

Crawler::Watch Crawler::give_watch(DirectoryId directory) {
  auto& one = tree_.at(directory);
  const auto refuse_watch = [&] {
    set_watch(directory, WatchToken::None);
    polled_.insert(directory);
    return Watch::Other;
  };
  if (limit_reached_ && one.token == WatchToken::None) return refuse_watch();
  if (!mounts_.empty() && note_mount_of(directory)) return refuse_watch();
  const auto interest = directory == tree_.root() ? Interest::Root : Interest::Tree;
  const auto token = source_.add(absolute(directory), interest);
  if (token) {
    polled_.erase(directory);
    if (*token == WatchToken::None || one.token == *token) return Watch::Same;
    set_watch(directory, *token);
    return Watch::Other;
  }
  switch (token.error().code) {
    case Errc::NotFound:
      return Watch::Refused;
    case Errc::Denied:
      unreadable_.insert(one.path);
      return Watch::Refused;
    case Errc::Unavailable:
      limit_reached_ = true;
      return refuse_watch();
    case Errc::Busy:
    case Errc::Timeout:
    case Errc::Invalid:
    case Errc::Protocol:
    case Errc::Io:
      break;
  }
  log_warn("{}; it is read from time to time instead", token.error().message);
  return refuse_watch();
}

void Crawler::poll() {
  limit_reached_ = false;
  const auto all = polled_;
  for (const auto id : all) {
    if (!limit_reached_ && tree_.at(id).alive) give_watch(id);
  }
  // What has no watch may have been replaced, and so may all below it.
  for (const auto id : all) {
    const auto& one = tree_.at(id);
    if (one.alive && !all.contains(one.parent)) reread(id, Reach::Identity);
  }
}

bool Crawler::audit(std::size_t directories) {
  is_auditing_ = true;
  for (; directories > 0; --directories) {
    audited_ = tree_.next_directory(audited_);
    if (audited_ == DirectoryId::None) break;
    if (polled_.contains(audited_)) continue;  // somebody does this all the time
    const bool same = audited_ == tree_.root() || give_watch(audited_) == Watch::Same;
    reread(audited_, same ? Reach::Names : Reach::Identity);
  }
  is_auditing_ = false;
  return audited_ == DirectoryId::None;
}

// ---- Single entries

void Crawler::look_at(DirectoryId directory, std::string_view name) {
  if (!tree_.at(directory).alive) return;
  const auto child = tree_.find_child(directory, name);
  const auto file = tree_.find(directory, name);
  if (child == DirectoryId::None && file == FileId::None && unreadable_.empty() &&
      view(directory).claims(name).empty() && view(directory).access(name) == Rules::Access::None) {
    return;  // whatever it is, nobody wants it: builds write such names by the thousand
  }
  const auto at = wall_now();
  struct stat status {};
  const bool there = ::lstat(absolute(directory, name).c_str(), &status) == 0;
  const auto kind = there ? kind_of(status) : EntryKind::Other;
  if (kind != EntryKind::File && file != FileId::None) remove_file(file);
  if (kind != EntryKind::Directory) {
    if (child != DirectoryId::None) drop(child);
    if (!unreadable_.empty()) unreadable_.erase(tree_.at(directory).path.child(name));
    if (!boundaries_.empty()) boundaries_.erase(tree_.at(directory).path.child(name));
  }
  if (kind == EntryKind::Directory) {
    look_at_directory(directory, name);
  } else if (kind == EntryKind::File) {
    const auto targets = view(directory).claims(name);
    if (!targets.empty()) {
      put_file(directory, name, status, targets, at);
    } else if (file != FileId::None) {
      remove_file(file);
    }
  }
}

void Crawler::look_at_directory(DirectoryId parent, std::string_view name) {
  const auto child = tree_.find_child(parent, name);
  const auto access = view(parent).access(name);
  if (access == Rules::Access::None) {
    if (child != DirectoryId::None) drop(child);
  } else if (child == DirectoryId::None) {
    enter(parent, name, access);
  } else {
    if (std::exchange(tree_.at(child).access, access) != access) view_of_ = DirectoryId::None;
    const auto reach = give_watch(child) == Watch::Same ? Reach::Names : Reach::Identity;
    waiting_.push_back({child, reach});
  }
  work_off();
}

void Crawler::look_at(std::vector<FileId>& files) {
  std::sort(files.begin(), files.end(), [&](FileId a, FileId b) {
    return std::pair(tree_.directory(a), a) < std::pair(tree_.directory(b), b);
  });
  for (auto first = files.begin(); first != files.end();) {
    const auto in = tree_.directory(*first);
    const auto last =
        std::find_if(first, files.end(), [&](FileId file) { return tree_.directory(file) != in; });
    // The way to a directory is walked once for all of them; for few, opening it takes longer.
    constexpr int kWorthOpening = 3;
    UniqueFd near;
    if (in != DirectoryId::None && last - first >= kWorthOpening) {
      near = UniqueFd(::open(absolute(in).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    for (; first != last; ++first) look_at(*first, near.get());
  }
}

void Crawler::look_at(FileId file, int near) {
  if (!tree_.is_alive(file)) return;
  tree_.unmark(file);
  const auto directory = tree_.directory(file);
  const auto place =
      near < 0 ? absolute(directory, tree_.name(file)) : std::string(tree_.name(file));
  const auto at = wall_now();
  struct stat status {};
  if (::fstatat(near < 0 ? AT_FDCWD : near, place.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    remove_file(file);
  } else if (kind_of(status) == EntryKind::File) {
    const auto stamp = Stamp::of(status);
    if (stamp == tree_.stamp(file)) {
      if (tree_.is_racy(file)) look_again(file);
      return;
    }
    ledger_.note(tree_, file);
    tree_.update(file, stamp, tree_.targets(file));
    note_written(file, at);
  } else {
    look_at(directory, std::string(tree_.name(file)));
  }
}

FileId Crawler::put_file(DirectoryId directory, std::string_view name, const struct stat& status,
                         const TargetSet& targets, WallTime at) {
  const auto stamp = Stamp::of(status);
  const auto [file, is_new] = tree_.find_or_add(directory, name, stamp, targets);
  if (is_new) {
    if (ledger_.is_recording()) ledger_.note_absent(tree_.path(file));
    note_written(file, at);
    return file;
  }
  const bool is_written = stamp != tree_.stamp(file);
  if (is_written || targets != tree_.targets(file)) {
    ledger_.note(tree_, file);
    tree_.update(file, stamp, targets);
  }
  if (is_written) {
    note_written(file, at);
  } else if (tree_.is_racy(file)) {
    look_again(file);
  }
  return file;
}

void Crawler::remove_file(FileId file) {
  ledger_.note(tree_, file);
  tree_.remove(file);
}

void Crawler::drop(DirectoryId directory) {
  const auto path = tree_.at(directory).path;
  drop_all(directory);
  if (rules_.git() != nullptr) rules_.git()->forget(path);
  const auto is_below = [&](const RelPath& one) { return one.is_within(path); };
  std::erase_if(unreadable_, is_below);
  std::erase_if(boundaries_, is_below);
  view_of_ = DirectoryId::None;
}

void Crawler::drop_all(DirectoryId directory) {
  while (tree_.at(directory).first_child != DirectoryId::None) {
    drop_all(tree_.at(directory).first_child);
  }
  while (tree_.at(directory).first_file != FileId::None) {
    remove_file(tree_.at(directory).first_file);
  }
  set_watch(directory, WatchToken::None);
  polled_.erase(directory);
  tree_.remove_directory(directory);
}

}  // namespace poltergeist::watch
