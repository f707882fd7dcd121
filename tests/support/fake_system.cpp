// SPDX-License-Identifier: MIT
// Preloaded into a program, it makes the system other than it is:
// - FAKE_CLOCK: the wall clock is ahead by the seconds that this file holds; the monotonic clock
// goes
//   on as it was, as it does for real when the wall clock is set;
// - FAKE_FILE_SYSTEM: the type that statfs tells;
// - FAKE_DEAF: inotify watches hear of nothing but the end of their directory.
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

long offset() {
  const char* file = std::getenv("FAKE_CLOCK");
  const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  char text[32] = {};
  if (fd >= 0) {
    if (::read(fd, text, sizeof text - 1) < 0) text[0] = '\0';
    ::close(fd);
  }
  return std::atol(text);
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const auto result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += offset();
  return static_cast<int>(result);
}

extern "C" int gettimeofday(struct timeval* time, void*) noexcept {
  struct timespec precise {};
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
  time->tv_sec = precise.tv_sec;
  time->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

extern "C" int statfs(const char* path, struct statfs* status) noexcept {
  const auto result = ::syscall(SYS_statfs, path, status);
  const char* type = std::getenv("FAKE_FILE_SYSTEM");
  if (result == 0 && type != nullptr) status->f_type = std::strtol(type, nullptr, 0);
  return static_cast<int>(result);
}

extern "C" int inotify_add_watch(int fd, const char* path, std::uint32_t mask) noexcept {
  constexpr std::uint32_t kHeard = IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_MASK_ADD;
  if (std::getenv("FAKE_DEAF") != nullptr) mask = (mask & kHeard) | IN_DELETE_SELF;
  return static_cast<int>(::syscall(SYS_inotify_add_watch, fd, path, mask));
}
