// SPDX-License-Identifier: MIT
// Which directories a token stands for. Mostly one; a directory that is reached by two paths (a
// bind mount; a move that is half known) has one token for both, and keeps it while either lives.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "watch/change_source.h"
#include "watch/tree.h"

namespace poltergeist::watch {

class WatchTable {
 public:
  void add(WatchToken token, DirectoryId directory);
  // True if nobody is left who uses the token.
  bool remove(WatchToken token, DirectoryId directory);
  // The one directory, or the first of several; None for an unknown token.
  [[nodiscard]] DirectoryId find(WatchToken token) const;
  // Calls `each` for every directory of the token. It may remove them.
  template <typename Each>
  void for_each(WatchToken token, Each each) const {
    const auto first = find(token);
    if (first == DirectoryId::None) return;
    std::vector<DirectoryId> all{first};
    const auto [begin, end] = more_.equal_range(number(token));
    for (auto it = begin; it != end; ++it) all.push_back(it->second);
    for (const auto id : all) each(id);
  }
  [[nodiscard]] bool is_shared(WatchToken token) const { return more_.contains(number(token)); }
  [[nodiscard]] std::size_t size() const { return first_.size(); }

 private:
  [[nodiscard]] static std::int32_t number(WatchToken token) {
    return static_cast<std::int32_t>(token);
  }
  std::unordered_map<std::int32_t, DirectoryId> first_;
  std::unordered_multimap<std::int32_t, DirectoryId> more_;
};

}  // namespace poltergeist::watch
