// SPDX-License-Identifier: MIT
#include "watch/watch_table.h"

namespace poltergeist::watch {

void WatchTable::add(WatchToken token, DirectoryId directory) {
  const auto [entry, is_new] = first_.try_emplace(number(token), directory);
  if (is_new || entry->second == directory) return;
  const auto [begin, end] = more_.equal_range(number(token));
  for (auto it = begin; it != end; ++it) {
    if (it->second == directory) return;
  }
  more_.emplace(number(token), directory);
}

bool WatchTable::remove(WatchToken token, DirectoryId directory) {
  const auto first = first_.find(number(token));
  if (first == first_.end()) return false;
  const auto [begin, end] = more_.equal_range(number(token));
  if (first->second != directory) {
    for (auto it = begin; it != end; ++it) {
      if (it->second == directory) {
        more_.erase(it);
        break;
      }
    }
    return false;
  }
  if (begin == end) {
    first_.erase(first);
    return true;
  }
  first->second = begin->second;
  more_.erase(begin);
  return false;
}

DirectoryId WatchTable::find(WatchToken token) const {
  const auto found = first_.find(number(token));
  return found == first_.end() ? DirectoryId::None : found->second;
}

}  // namespace poltergeist::watch
