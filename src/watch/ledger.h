// SPDX-License-Identifier: MIT
// What files were before a batch touched them. The changes of the batch are the difference between
// that and what they are at its end: a file that went and came back the same is none.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/paths.h"
#include "watch/batch.h"
#include "watch/tree.h"

namespace poltergeist::watch {

class Ledger {
 public:
  // While switched off, nothing is noted: the first reading of a tree is no change.
  void set_recording(bool recording) { recording_ = recording; }
  [[nodiscard]] bool is_recording() const { return recording_; }

  // Must be called before each first change of a path in the tree; later calls for it do nothing.
  void note_absent(const RelPath& path);
  void note(const Tree& tree, FileId file);
  // The same for one that may have changed though its stamp did not.
  void note_doubtful(const Tree& tree, FileId file);

  // How many paths may have changed since the last call of take_changes().
  [[nodiscard]] std::size_t noted() const { return before_.size(); }
  // The changes since the last call, in no order. `known`: targets whose gains count as
  // changes.
  [[nodiscard]] std::vector<Change> take_changes(const Tree& tree,
                                                 const TargetSet* known = nullptr);

 private:
  struct Before {
    Content content = Content::Absent;
    Stamp stamp;
    TargetSet targets;
    bool doubtful = false;
    FileId file = FileId::None;  // then
  };
  [[nodiscard]] static Before state_of(const Tree& tree, FileId file);
  static void compare(const RelPath& path, const Before& before, const Before& after,
                      const TargetSet* known, std::vector<Change>& changes);

  bool recording_ = true;
  std::unordered_map<RelPath, Before> before_;
};

}  // namespace poltergeist::watch
