// SPDX-License-Identifier: MIT
// The part of the Crawler that reads files.
#include <sys/stat.h>

#include <algorithm>

#include "sys/clock.h"
#include "watch/crawler.h"

namespace poltergeist::watch {

namespace {

// A millisecond or two of reading, for one call.
constexpr std::uint64_t kMostBytes = 8 << 20;

}  // namespace

void Crawler::set_reading(bool reading) {
  reading_ = reading;
  if (reading) return;
  written_.clear();
  unlearnt_.clear();
}

bool Crawler::is_young(const Stamp& stamp, WallTime at) const {
  // A clock that was set back leaves files of the future, which may be as young.
  return Duration(stamp.changed) + grain_ > at.time_since_epoch();
}

Content Crawler::content_now(FileId file) const {
  if (!reading_) return Content::Unknown;
  return content_of(absolute(tree_.directory(file), tree_.name(file)), tree_.stamp(file));
}

std::uint64_t Crawler::size_of(FileId file) const {
  return tree_.is_alive(file) ? tree_.stamp(file).size : 0;
}

void Crawler::note_written(FileId file, WallTime at) {
  const auto stamp = tree_.stamp(file);
  tree_.set_racy(file, grain_ > Duration::zero() && is_young(stamp, at));
  tree_.set_content(file, Content::Unknown);
  if (reading_ && may_have_content(stamp)) written_.push_back(file);
}

void Crawler::read_written(std::size_t most) {
  std::uint64_t bytes = 0;
  for (const auto file : written_) bytes += size_of(file);
  const bool few = written_.size() <= most && bytes <= kMostBytes;
  for (const auto file : written_) {
    // One whose stamp says too little is read in any case: nothing else tells its writings apart.
    if (few || (tree_.is_alive(file) && tree_.is_racy(file))) {
      learn(file);
    } else {
      unlearnt_.push_back(file);
    }
  }
  written_.clear();
}

void Crawler::learn(FileId file) {
  if (!tree_.is_alive(file) || is_known(tree_.content(file))) return;
  tree_.set_content(file, content_now(file));
}

void Crawler::look_again(FileId file) {
  const auto at = wall_now();
  const auto content = content_now(file);
  tree_.set_racy(file, is_young(tree_.stamp(file), at));
  if (is_same(content, tree_.content(file))) return;
  // Nothing has told of it, and nothing is known against it.
  if (is_auditing_ && !is_known(tree_.content(file))) return;
  ledger_.note_doubtful(tree_, file);
  tree_.set_content(file, content);
}

void Crawler::learn(std::size_t files) {
  std::uint64_t bytes = 0;
  for (; files > 0 && bytes < kMostBytes && !unlearnt_.empty(); --files) {
    const auto file = unlearnt_.back();
    unlearnt_.pop_back();
    bytes += size_of(file);
    // What a young stamp's file says now may have been written behind it, and not be told yet.
    if (!tree_.is_racy(file)) learn(file);
  }
  if (unlearnt_.empty()) unlearnt_.shrink_to_fit();
}

bool Crawler::is_wanted(DirectoryId directory, std::string_view name) {
  return tree_.find(directory, name) != FileId::None || !view(directory).claims(name).empty();
}

bool Crawler::is_nascent(DirectoryId directory, std::string_view name) const {
  struct stat status {};
  return tree_.at(directory).alive && ::lstat(absolute(directory, name).c_str(), &status) == 0 &&
         S_ISREG(status.st_mode) && status.st_size == 0 && status.st_nlink == 1;
}

}  // namespace poltergeist::watch
