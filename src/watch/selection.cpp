// SPDX-License-Identifier: MIT
#include "watch/selection.h"

#include <algorithm>

namespace poltergeist::watch {

Result<Selection> Selection::compile(const std::vector<std::string>& watch_paths) {
  Selection selection;
  for (const auto& text : watch_paths) {
    const bool excludes = text.starts_with('!');
    auto glob = Glob::parse(std::string_view(text).substr(excludes ? 1 : 0),
                            excludes ? Hidden::Matched : Hidden::MustBeNamed);
    if (!glob) return fail(glob.error());
    selection.entries_.push_back({.text = text, .excludes = excludes, .glob = std::move(*glob)});
  }
  return selection;
}

const Selection::Entry* Selection::deciding(const RelPath& file) const {
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const Entry& entry) { return entry.glob.matches(file); });
  return last == entries_.rend() || last->excludes ? nullptr : &*last;
}

std::optional<std::string_view> Selection::claims(const RelPath& file) const {
  const auto* entry = deciding(file);
  if (entry == nullptr) return std::nullopt;
  return entry->text;
}

bool Selection::names_exactly(const RelPath& file) const {
  const auto* entry = deciding(file);
  return entry != nullptr && entry->glob.literal() == file;
}

bool Selection::names_below(const RelPath& directory) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    const auto& literal = entry.glob.literal();
    return !entry.excludes && literal && literal->is_within(directory) && *literal != directory;
  });
}

bool Selection::leads_into(const RelPath& directory) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return !entry.excludes && entry.glob.literal_prefix().is_within(directory);
  });
}

bool Selection::may_contain(const RelPath& directory) const {
  return within(directory).may_contain_anything();
}

Selection::Within Selection::start() const {
  Within within(*this);
  within.progress_.reserve(entries_.size());
  for (const auto& entry : entries_) within.progress_.push_back(entry.glob.start());
  return within;
}

Selection::Within Selection::within(const RelPath& directory) const {
  Within within(*this);
  within.progress_.reserve(entries_.size());
  for (const auto& entry : entries_) within.progress_.push_back(entry.glob.at(directory));
  return within;
}

bool Selection::Within::claims(std::string_view name) const {
  for (std::size_t i = progress_.size(); i-- > 0;) {
    const auto& entry = selection_->entries_[i];
    if (entry.glob.matches_in(progress_[i], name)) return !entry.excludes;
  }
  return false;
}

Selection::Within Selection::Within::enter(std::string_view directory) const {
  Within below(*selection_);
  below.progress_.reserve(progress_.size());
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    below.progress_.push_back(selection_->entries_[i].glob.enter(progress_[i], directory));
  }
  return below;
}

bool Selection::Within::may_contain(std::string_view directory) const {
  return enter(directory).may_contain_anything();
}

bool Selection::Within::may_contain_anything() const {
  for (std::size_t i = progress_.size(); i-- > 0;) {
    const auto& entry = selection_->entries_[i];
    if (entry.excludes ? entry.glob.covers_all_below(progress_[i])
                       : entry.glob.may_match_below(progress_[i])) {
      return !entry.excludes;
    }
  }
  return false;
}

}  // namespace poltergeist::watch
