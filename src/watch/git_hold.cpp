// SPDX-License-Identifier: MIT
#include "watch/git_hold.h"

#include <sys/stat.h>

namespace poltergeist::watch {

GitHold::GitHold(const std::optional<GitPlaces>& places) {
  if (places) lock_ = places->own / kLockName;
}

void GitHold::look(Instant now) {
  struct stat status {};
  if (lock_.empty() || ::lstat(lock_.c_str(), &status) != 0) {
    since_.reset();
  } else if (!since_) {
    since_ = now;
  }
}

}  // namespace poltergeist::watch
