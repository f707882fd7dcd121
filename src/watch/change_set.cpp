// SPDX-License-Identifier: MIT
#include "watch/change_set.h"

namespace poltergeist::watch {

void ChangeSet::note(const RelPath& path, Content before, Content after) {
  if (lost_) return;
  const auto [entry, is_new] = before_.try_emplace(path, before);
  if (is_same(entry->second, after)) {
    before_.erase(entry);
  } else if (!is_known(entry->second) || before_.size() > kMost) {
    lost_ = true;
    before_ = {};
  }
}

}  // namespace poltergeist::watch
