// SPDX-License-Identifier: MIT
#include "watch/poll_source.h"

#include <sys/stat.h>

#include <algorithm>

namespace poltergeist::watch {

namespace {

constexpr int kPauses = 9;  // to one part of comparing: a tenth of a core
constexpr Seconds kLongestPause{30};

}  // namespace

Instant next_comparison(Instant began, Instant ended, Milliseconds least) {
  const auto fair = std::min<Duration>((ended - began) * kPauses, kLongestPause);
  return ended + std::max<Duration>(fair, least);
}

Result<void> PollSource::sync() {
  return fail(Errc::Unavailable, "nobody says what changed");
}

Result<WatchToken> PollSource::add(const std::string& directory, Interest) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return fail_errno("{}", directory);
  if (!S_ISDIR(status.st_mode)) {
    return fail(Errc::NotFound, "{}: not a directory", directory);
  }
  return WatchToken::None;
}

void PollSource::remove(WatchToken) {}

Result<bool> PollSource::read(std::vector<Hint>& hints, Instant now) {
  if (now < next_) return false;
  next_ = now + interval_;
  hints.push_back({.what = Hint::What::Anything});
  return true;
}

void PollSource::compared(Instant began, Instant ended) {
  next_ = std::max(next_, next_comparison(began, ended, interval_));
}

}  // namespace poltergeist::watch
