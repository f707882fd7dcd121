// SPDX-License-Identifier: MIT
// What differs from the tree that a build began with: files that came back to what they said then
// are no difference.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/paths.h"
#include "watch/content.h"

namespace poltergeist::watch {

class ChangeSet {
 public:
  // More would be a branch that was checked out: nobody waits for that to be undone.
  static constexpr std::size_t kMost = 1024;

  // From here on nothing differs.
  void begin() { *this = {}; }
  void note(const RelPath& path, Content before, Content after);
  // False also if it cannot be told (any more).
  [[nodiscard]] bool is_empty() const { return !lost_ && before_.empty(); }

 private:
  std::unordered_map<RelPath, Content> before_;
  bool lost_ = false;
};

}  // namespace poltergeist::watch
