// SPDX-License-Identifier: MIT
// inotify for what another source cannot watch: one descriptor for the two, and tokens that do not
// collide, for those of inotify are odd here and the other's must be even.
#pragma once

#include <memory>

#include "sys/unique_fd.h"
#include "watch/inotify_source.h"

namespace poltergeist::watch {

class InotifyBeside {
 public:
  // `other` is the other source's descriptor; it outlives this.
  [[nodiscard]] static Result<InotifyBeside> create(int other);

  // Readable when either has something.
  [[nodiscard]] int fd() const { return both_.get(); }
  [[nodiscard]] Result<WatchToken> add(const std::string& directory, Interest interest);
  // False if the token is the other's.
  bool remove(WatchToken token);
  [[nodiscard]] Result<bool> read(std::vector<Hint>& hints, Instant now);

 private:
  InotifyBeside(std::unique_ptr<InotifySource> inotify, UniqueFd both);

  std::unique_ptr<InotifySource> inotify_;
  UniqueFd both_;
};

}  // namespace poltergeist::watch
