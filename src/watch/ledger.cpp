// SPDX-License-Identifier: MIT
#include "watch/ledger.h"

namespace poltergeist::watch {

void Ledger::note_absent(const RelPath& path) {
  if (recording_) before_.try_emplace(path);
}

void Ledger::note(const Tree& tree, FileId file) {
  if (!recording_) return;
  const auto [entry, is_new] = before_.try_emplace(tree.path(file));
  if (is_new) entry->second = state_of(tree, file);
}

void Ledger::note_doubtful(const Tree& tree, FileId file) {
  note(tree, file);
  if (recording_) before_.at(tree.path(file)).doubtful = true;
}

Ledger::Before Ledger::state_of(const Tree& tree, FileId file) {
  return {.content = tree.content(file),
          .stamp = tree.stamp(file),
          .targets = tree.targets(file),
          .file = file};
}

void Ledger::compare(const RelPath& path, const Before& before, const Before& after,
                     const TargetSet* known, std::vector<Change>& changes) {
  auto gained = after.targets.without(before.targets);
  if (known != nullptr) gained = gained.without(gained.without(*known));
  const auto lost = before.targets.without(after.targets);
  const auto kept = after.targets.without(after.targets.without(before.targets));
  using Kind = Change::Kind;
  // To whom it was not visible, it was not there.
  if (!gained.empty()) {
    changes.push_back({path, Kind::Created, gained, Content::Absent, after.content});
  }
  if (!kept.empty() && (before.stamp != after.stamp || before.doubtful)) {
    const auto kind = is_same(before.content, after.content) ? Kind::Rewritten : Kind::Modified;
    changes.push_back({path, kind, kept, before.content, after.content});
  }
  if (!lost.empty()) {
    changes.push_back({path, Kind::Deleted, lost, before.content, Content::Absent});
  }
}

std::vector<Change> Ledger::take_changes(const Tree& tree, const TargetSet* known) {
  std::vector<Change> changes;
  changes.reserve(before_.size());
  for (const auto& [path, before] : before_) {
    Before after;
    // Mostly it is the same one; searching for it takes several times as long.
    const auto file = before.file != FileId::None && tree.is_at(before.file, path)
                          ? before.file
                          : tree.find(path);
    if (file != FileId::None) after = state_of(tree, file);
    compare(path, before, after, known, changes);
  }
  before_.clear();
  return changes;
}

}  // namespace poltergeist::watch
