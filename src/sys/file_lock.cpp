// SPDX-License-Identifier: MIT
#include "sys/file_lock.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <ctime>

namespace poltergeist {

namespace {

// Of somebody who keeps it shared, which nothing of ours does, we wait for no end. But whoever
// looks may lose his processor in the middle, for tens of milliseconds on a busy machine: after the
// first looks we rest between them, so that they last for six seconds and more.
constexpr int kQuickLooks = 1'000;
constexpr int kMostLooks = kQuickLooks + 6'000;
constexpr timespec kRest{.tv_sec = 0, .tv_nsec = 1'000'000};
// Whoever opens a FIFO is not to wait for its other end.
constexpr int kSafely = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | kSafely, S_IRUSR | S_IWUSR));
  if (!fd) return fail_errno("{}", path.string());
  // Its holder writes into it: another name of somebody's file must not become a lock.
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("{}", path.string());
  if (!S_ISREG(status.st_mode) || status.st_nlink > 1) {
    return fail(Errc::Denied, "{}: no lock file of ours; remove it", path.string());
  }
  // Who only looks (is_held) has it shared for an instant, and so can we then: that is no holder.
  // Of two that take it at once, one may see the other look; each does so for an instant, too.
  for (int look = 0; ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0; ++look) {
    if (errno != EWOULDBLOCK) return fail_errno("locking {}", path.string());
    if (look == kMostLooks || ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
      return fail(Errc::Busy, "{}: held by another process", path.string());
    }
    ::flock(fd.get(), LOCK_UN);
    if (look < kQuickLooks) {
      ::sched_yield();
    } else {
      ::nanosleep(&kRest, nullptr);
    }
  }
  return FileLock(std::move(fd));
}

bool FileLock::is_held(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | kSafely));
  if (!fd) return false;
  return ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Result<void> FileLock::note(std::string_view text) {
  if (::ftruncate(fd_.get(), 0) != 0) return fail_errno("writing the lock file");
  if (::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return fail_errno("writing the lock file");
  }
  return {};
}

bool FileLock::is_in_place(const std::filesystem::path& path) const {
  struct stat ours {};
  struct stat there {};
  return ::fstat(fd_.get(), &ours) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace poltergeist
