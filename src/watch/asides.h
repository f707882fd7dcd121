// SPDX-License-Identifier: MIT
// Watches on directories beside the tree, each for a few names in it: git's lock, ignore files
// outside of the root, the directory that the root is in or that is left of the way to it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "watch/change_source.h"
#include "watch/watch_table.h"

namespace poltergeist::watch {

class Asides {
 public:
  enum class Purpose { GitLock, GitPlaces, IgnoreFiles, Boundaries, AboveRoot };
  struct Place {
    std::filesystem::path directory;
    std::vector<std::string> names;  // empty: any
    // While it is not there: the place where the way to it goes on.
    bool or_the_way_there = false;
    Interest interest = Interest::Aside;
  };

  // Both outlive it. The table knows the tokens that the tree uses as well.
  Asides(ChangeSource& source, const WatchTable& table) : source_(source), table_(table) {}

  // Watches these places, instead of those that this purpose had before. One that is not there is
  // left out.
  void set(Purpose purpose, const std::vector<Place>& places);
  // What the hint is about; a directory that is gone itself is about all of its purposes.
  [[nodiscard]] std::vector<Purpose> purposes_of(const Hint& hint) const;
  [[nodiscard]] const std::filesystem::path* directory_of(WatchToken token) const;
  // Places that have no watch because there was none left: somebody must look from time to time.
  [[nodiscard]] std::size_t unwatched() const { return unwatched_.size(); }
  // All places that are there.
  [[nodiscard]] std::size_t count() const { return asides_.size() + unwatched_.size(); }
  // The tokens are void; nothing is watched until it is set again.
  void forget_all();

 private:
  struct Aside {
    Purpose purpose;
    Place place;
    WatchToken token;
  };
  Result<WatchToken> add(Place& place);

  ChangeSource& source_;
  const WatchTable& table_;
  std::vector<Aside> asides_;
  std::vector<Purpose> unwatched_;  // one for each place
};

}  // namespace poltergeist::watch
