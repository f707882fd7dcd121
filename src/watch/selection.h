// SPDX-License-Identifier: MIT
// The `watchPaths` of one target, compiled. The last entry that matches a path decides: it selects,
// or excludes if it begins with `!`. Exclusions match hidden names as well; selections only those
// whose dot they name. Ignore rules are not its business (watch/rules.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "base/result.h"
#include "watch/glob.h"

namespace poltergeist::watch {

class Selection {
 public:
  [[nodiscard]] static Result<Selection> compile(const std::vector<std::string>& watch_paths);

  // The entry that selects the file, as written.
  [[nodiscard]] std::optional<std::string_view> claims(const RelPath& file) const;
  // The entry that selects it has no wildcard and is this very path: it counts whatever is ignored.
  [[nodiscard]] bool names_exactly(const RelPath& file) const;
  // The paths that names_exactly() may be true for.
  [[nodiscard]] std::vector<RelPath> plain_paths() const;
  // An entry without wildcard names something below this directory: it is watched though it be
  // ignored.
  [[nodiscard]] bool names_below(const RelPath& directory) const;
  // An entry says in plain words to go into this directory, or below it: reason enough to enter
  // another repository.
  [[nodiscard]] bool leads_into(const RelPath& directory) const;
  [[nodiscard]] bool may_contain(const RelPath& directory) const;

  // The same for all names of one directory, without matching its path again for each.
  class Within {
   public:
    [[nodiscard]] bool claims(std::string_view name) const;
    [[nodiscard]] bool may_contain(std::string_view directory) const;
    [[nodiscard]] bool may_contain_anything() const;

   private:
    friend class Selection;
    explicit Within(const Selection& selection) : selection_(&selection) {}
    void enter(std::string_view directory);

    const Selection* selection_;
    std::vector<Pattern::States> states_;  // of all entries, one behind the other
  };
  [[nodiscard]] Within within(const RelPath& directory) const;

 private:
  struct Entry {
    std::string text;
    bool excludes = false;
    Glob glob;
    std::size_t first_state = 0;  // in Within::states_
  };
  [[nodiscard]] Glob::Progress progress_of(const Entry& entry, const Within& within) const;
  [[nodiscard]] const Entry* deciding(const RelPath& file) const;

  std::vector<Entry> entries_;
  std::size_t states_ = 0;
};

}  // namespace poltergeist::watch
