// SPDX-License-Identifier: MIT
// What changed for whom.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/paths.h"
#include "base/time.h"
#include "watch/content.h"
#include "watch/target_set.h"

namespace poltergeist::watch {

struct Change {
  // Rewritten: it was written, and says what it said before the batch.
  enum class Kind { Created, Modified, Deleted, Rewritten };
  RelPath path;
  Kind kind = Kind::Modified;
  TargetSet targets;  // that claim it, or did; never empty
  Content before = Content::Unknown;
  Content after = Content::Unknown;

  friend bool operator==(const Change&, const Change&) = default;
};
inline constexpr auto kChangeKinds = std::to_array<EnumName<Change::Kind>>({
    {Change::Kind::Created, "created"},
    {Change::Kind::Modified, "modified"},
    {Change::Kind::Deleted, "deleted"},
    {Change::Kind::Rewritten, "rewritten"},
});

// What one call found, ordered by path. A file that became visible (an ignore file was edited) is
// created, one that was hidden is deleted.
struct Batch {
  Clock clock = 0;  // after this batch; it advanced by one if there are changes
  // When the first hint that may have led to it was taken in; nothing where it was found without.
  std::optional<Instant> hinted;
  std::vector<Change> changes;
  // Those of the targets touched whose files all say again what they said at their last
  // begin_build().
  TargetSet restored;
  bool overflowed = false;  // hints were lost
  bool rescanned = false;   // everything was compared
};

}  // namespace poltergeist::watch
