// SPDX-License-Identifier: MIT
#include "watch/git_hold.h"

#include <sys/stat.h>

#include <algorithm>

#include "watch/git_at_work.h"

namespace poltergeist::watch {

namespace {

// The lock, and the plans of git rebase, of git am and the other way to rebase, and of git
// cherry-pick and revert (gitrepository-layout(5); sequencer.c and wt-status.c of git).
constexpr std::array<const char*, 4> kTraceNames{GitHold::kLockName, "rebase-merge", "rebase-apply",
                                                 "sequencer"};

// That git has ended is noticed after a quarter of the time that it took, but not at once.
constexpr Milliseconds kFirstLook{250};
constexpr int kShareOfItsTime = 4;

constexpr std::int64_t kNanoseconds = 1'000'000'000;

}  // namespace

GitHold::GitHold(const std::optional<GitPlaces>& places) {
  if (!places) return;
  top_ = places->top;
  own_ = places->own;
  lock_ = own_ / kLockName;
}

std::vector<std::string> GitHold::names() {
  return {kTraceNames.begin(), kTraceNames.end()};
}

GitHold::Traces GitHold::find_traces() const {
  Traces traces;
  for (std::size_t i = 0; i < traces.size(); ++i) {
    struct stat status {};
    if (::lstat((own_ / kTraceNames[i]).c_str(), &status) != 0) continue;
    traces[i] = {.inode = status.st_ino,
                 .changed = status.st_ctim.tv_sec * kNanoseconds + status.st_ctim.tv_nsec};
  }
  return traces;
}

bool GitHold::is_git_at_work(const Traces& traces) {
  if (abandoned_ == traces) return false;
  const auto found = find_git_at_work(top_, git_);
  // Another git is another operation.
  if (git_ && found != git_) since_.reset();
  git_ = found;
  abandoned_ = git_ ? std::nullopt : std::optional(traces);
  return git_.has_value();
}

void GitHold::look(Instant now) {
  if (lock_.empty()) return;
  const auto traces = find_traces();
  const bool locked = traces.front() != Trace{};
  if (!locked) lock_since_.reset();
  if (locked && !lock_since_) lock_since_ = now;
  left_its_lock_ = false;
  look_at_.reset();

  if (locked && now < *lock_since_ + kLockPatience) {
    look_at_ = *lock_since_ + kLockPatience;
  } else if (traces == Traces{} || !is_git_at_work(traces)) {
    left_its_lock_ = locked;
    since_.reset();
    git_.reset();
    return;
  }
  if (!since_) since_ = now;
  if (look_at_) return;
  look_at_ = now + std::max<Duration>((now - *since_) / kShareOfItsTime, kFirstLook);
}

}  // namespace poltergeist::watch
