// SPDX-License-Identifier: MIT
#include "watch/poll_source.h"

#include <sys/stat.h>

namespace poltergeist::watch {

Result<WatchToken> PollSource::add(const std::string& directory, Interest) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return fail_errno("{}", directory);
  if (!S_ISDIR(status.st_mode)) {
    return fail(Errc::NotFound, "{}: not a directory", directory);
  }
  return static_cast<WatchToken>(++last_token_);
}

void PollSource::remove(WatchToken) {}

Result<bool> PollSource::read(std::vector<Hint>& hints, Instant now) {
  if (now < next_) return false;
  next_ = now + interval_;
  hints.push_back({.what = Hint::What::Anything});
  return true;
}

}  // namespace poltergeist::watch
