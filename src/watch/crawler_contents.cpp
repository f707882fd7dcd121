// SPDX-License-Identifier: MIT
// The part of the Crawler that reads files.
#include <sys/stat.h>

#include <algorithm>

#include "sys/clock.h"
#include "watch/crawler.h"

namespace poltergeist::watch {

void Crawler::set_reading(bool reading) {
  reading_ = reading;
  if (reading) return;
  written_.clear();
  unlearnt_.clear();
}

bool Crawler::is_young(const Stamp& stamp) const {
  if (grain_ == Duration::zero()) return false;
  // A clock that was set back leaves files of the future, which may be as young.
  const Duration changed(stamp.changed);
  return changed + grain_ > wall_now().time_since_epoch();
}

void Crawler::note_written(FileId file) {
  const auto stamp = tree_.stamp(file);
  tree_.set_racy(file, is_young(stamp));
  tree_.set_content(file, Content::Unknown);
  if (reading_ && may_have_content(stamp)) written_.push_back(file);
}

void Crawler::read_written(std::size_t most) {
  if (written_.size() > most) {
    unlearnt_.insert(unlearnt_.end(), written_.begin(), written_.end());
  } else {
    for (const auto file : written_) learn(file);
  }
  written_.clear();
}

void Crawler::learn(FileId file) {
  if (!tree_.is_alive(file) || is_known(tree_.content(file))) return;
  const auto path = absolute(tree_.directory(file), tree_.name(file));
  tree_.set_content(file, content_of(path, tree_.stamp(file)));
}

void Crawler::look_again(FileId file) {
  const auto stamp = tree_.stamp(file);
  const auto content = reading_
                           ? content_of(absolute(tree_.directory(file), tree_.name(file)), stamp)
                           : Content::Unknown;
  tree_.set_racy(file, is_young(stamp));
  if (is_same(content, tree_.content(file))) return;
  ledger_.note_doubtful(tree_, file);
  tree_.set_content(file, content);
}

void Crawler::learn(std::size_t files) {
  for (; files > 0 && !unlearnt_.empty(); --files) {
    const auto file = unlearnt_.back();
    unlearnt_.pop_back();
    // What a young stamp's file says now may have been written behind it, and not be told yet.
    if (!tree_.is_racy(file)) learn(file);
  }
  if (unlearnt_.empty()) unlearnt_.shrink_to_fit();
}

bool Crawler::is_nascent(DirectoryId directory, std::string_view name) const {
  struct stat status {};
  return tree_.at(directory).alive && ::lstat(absolute(directory, name).c_str(), &status) == 0 &&
         S_ISREG(status.st_mode) && status.st_size == 0 && status.st_nlink == 1;
}

}  // namespace poltergeist::watch
