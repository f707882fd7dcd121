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
    const auto size = glob->size();
    selection.entries_.push_back({.text = text,
                                  .excludes = excludes,
                                  .glob = std::move(*glob),
                                  .first_state = selection.states_});
    selection.states_ += size;
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

std::vector<RelPath> Selection::plain_paths() const {
  std::vector<RelPath> paths;
  for (const auto& entry : entries_) {
    if (!entry.excludes && entry.glob.literal()) paths.push_back(*entry.glob.literal());
  }
  return paths;
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

Selection::Within Selection::within(const RelPath& directory) const {
  Within within(*this);
  within.states_.resize(states_);
  for (const auto& entry : entries_) {
    entry.glob.start(std::span(within.states_).subspan(entry.first_state, entry.glob.size()));
  }
  std::string_view rest = directory.text();
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    within.enter(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  return within;
}

Glob::Progress Selection::progress_of(const Entry& entry, const Within& within) const {
  return Glob::Progress(within.states_).subspan(entry.first_state, entry.glob.size());
}

void Selection::Within::enter(std::string_view directory) {
  for (const auto& entry : selection_->entries_) {
    entry.glob.enter(std::span(states_).subspan(entry.first_state, entry.glob.size()), directory);
  }
}

bool Selection::Within::claims(std::string_view name) const {
  const auto& entries = selection_->entries_;
  const auto last = std::find_if(entries.rbegin(), entries.rend(), [&](const Entry& entry) {
    return entry.glob.matches_in(selection_->progress_of(entry, *this), name);
  });
  return last != entries.rend() && !last->excludes;
}

bool Selection::Within::may_contain(std::string_view directory) const {
  Within below = *this;
  below.enter(directory);
  return below.may_contain_anything();
}

bool Selection::Within::may_contain_anything() const {
  const auto& entries = selection_->entries_;
  const auto last = std::find_if(entries.rbegin(), entries.rend(), [&](const Entry& entry) {
    const auto progress = selection_->progress_of(entry, *this);
    return entry.excludes ? entry.glob.covers_all_below(progress)
                          : entry.glob.may_match_below(progress);
  });
  return last != entries.rend() && !last->excludes;
}

}  // namespace poltergeist::watch
