// SPDX-License-Identifier: MIT
// Preloaded into a program, it makes the system other than it is:
// - FAKE_CLOCK: the wall clock is ahead by the seconds that this file holds; the monotonic clock
//   goes on as it was, as it does for real when the wall clock is set;
// - FAKE_STEADY: the same of the monotonic clock, as if so much time had passed;
// - FAKE_DEATH_BELOW, FAKE_DEATH_AT: the program is killed just before it writes to the disk below
//   that directory for the n-th time, whatever the call: its bytes, its name, its end, its sync;
// - FAKE_GATE, FAKE_GATE_BELOW: fdatasync of what is below that directory takes as long as the file
//   that is the gate is there;
// - FAKE_FILE_SYSTEM: the type that statfs tells;
// - FAKE_DEAF: inotify watches hear of nothing but the end of their directory;
// - FAKE_BELOW: the last two are so at this path and below only;
// - FAKE_MOUNT: what is mounted at FAKE_BELOW is of this type in the list of mounts ("nfs4" and a
//   blank, to be as long as the true one);
// - FAKE_COARSE_TIMES: the times of files are whole seconds, as on FAT and ext3;
// - FAKE_NO_PROCESSES: while that file is there, clone(2) makes none, and no thread can be started,
//   as beyond RLIMIT_NPROC; and no directory is a cgroup, in which a process would be born past the
//   C library.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

long offset_in(const char* variable) {
  const char* file = std::getenv(variable);
  const int fd = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
  char text[32] = {};
  if (fd >= 0) {
    if (::read(fd, text, sizeof text - 1) < 0) text[0] = '\0';
    ::close(fd);
  }
  return std::atol(text);
}

bool is_mortal_below(const char* path) {
  const char* below = std::getenv("FAKE_DEATH_BELOW");
  return below != nullptr && std::strncmp(path, below, std::strlen(below)) == 0 &&
         std::strcmp(program_invocation_short_name, "poltergeist") == 0;
}

void die_if_it_is_time() {
  static long times = 0;
  const char* at = std::getenv("FAKE_DEATH_AT");
  if (at != nullptr && ++times == std::atol(at)) ::kill(::getpid(), SIGKILL);
}

void before_writing(const char* path) {
  if (is_mortal_below(path)) die_if_it_is_time();
}

// Where a descriptor leads, in `path`.
bool find_path(int fd, char (&path)[PATH_MAX]) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return ::readlink(link, path, sizeof path - 1) > 0;
}

void before_writing(int fd) {
  char path[PATH_MAX] = {};
  if (std::getenv("FAKE_DEATH_BELOW") != nullptr && find_path(fd, path)) before_writing(path);
}

void await_gate(int fd) {
  const char* gate = std::getenv("FAKE_GATE");
  const char* below = std::getenv("FAKE_GATE_BELOW");
  char path[PATH_MAX] = {};
  if (gate == nullptr || below == nullptr || !find_path(fd, path)) return;
  if (std::strncmp(path, below, std::strlen(below)) != 0) return;
  while (::access(gate, F_OK) == 0) ::usleep(1000);
}

bool is_fake_at(const char* path) {
  const char* below = std::getenv("FAKE_BELOW");
  return below == nullptr || std::strncmp(path, below, std::strlen(below)) == 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  const auto result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += offset_in("FAKE_CLOCK");
  if (result == 0 && clock == CLOCK_MONOTONIC) time->tv_sec += offset_in("FAKE_STEADY");
  return static_cast<int>(result);
}

extern "C" int gettimeofday(struct timeval* time, void*) noexcept {
  struct timespec precise {};
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
  time->tv_sec = precise.tv_sec;
  time->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

extern "C" int fstatat(int fd, const char* path, struct stat* status, int flags) noexcept {
  const auto result = ::syscall(SYS_newfstatat, fd, path, status, flags);
  if (result == 0 && std::getenv("FAKE_COARSE_TIMES") != nullptr)
    status->st_atim.tv_nsec = status->st_mtim.tv_nsec = status->st_ctim.tv_nsec = 0;
  return static_cast<int>(result);
}

extern "C" int stat(const char* path, struct stat* status) noexcept {
  return fstatat(AT_FDCWD, path, status, 0);
}

extern "C" int lstat(const char* path, struct stat* status) noexcept {
  return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}

extern "C" int fstat(int fd, struct stat* status) noexcept {
  return fstatat(fd, "", status, AT_EMPTY_PATH);
}

extern "C" int statfs(const char* path, struct statfs* status) noexcept {
  const auto result = ::syscall(SYS_statfs, path, status);
  const char* type = std::getenv("FAKE_FILE_SYSTEM");
  if (result == 0 && type != nullptr && is_fake_at(path))
    status->f_type = std::strtol(type, nullptr, 0);
  return static_cast<int>(result);
}

extern "C" int fstatfs(int fd, struct statfs* status) noexcept {
  const auto result = ::syscall(SYS_fstatfs, fd, status);
  const bool is_cgroup = result == 0 && status->f_type == CGROUP2_SUPER_MAGIC;
  if (is_cgroup && std::getenv("FAKE_NO_PROCESSES") != nullptr) status->f_type = TMPFS_MAGIC;
  return static_cast<int>(result);
}

// With the one further argument that a caller with CLONE_PIDFD has.
extern "C" int clone(int (*begin)(void*), void* stack, int flags, void* argument, ...) noexcept {
  const char* shortage = std::getenv("FAKE_NO_PROCESSES");
  if (shortage != nullptr && ::access(shortage, F_OK) == 0) {
    errno = EAGAIN;
    return -1;
  }
  va_list rest;
  va_start(rest, argument);
  auto* pidfd = va_arg(rest, void*);
  va_end(rest);
  using Clone = int (*)(int (*)(void*), void*, int, void*, ...);
  static const auto real = reinterpret_cast<Clone>(::dlsym(RTLD_NEXT, "clone"));
  return real(begin, stack, flags, argument, pidfd);
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*begin)(void*), void* argument) {
  const char* shortage = std::getenv("FAKE_NO_PROCESSES");
  if (shortage != nullptr && ::access(shortage, F_OK) == 0) return EAGAIN;
  static const auto real =
      reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, attributes, begin, argument);
}

extern "C" int inotify_add_watch(int fd, const char* path, std::uint32_t mask) noexcept {
  constexpr std::uint32_t kHeard = IN_DELETE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_MASK_ADD;
  if (std::getenv("FAKE_DEAF") != nullptr && is_fake_at(path))
    mask = (mask & kHeard) | IN_DELETE_SELF;
  return static_cast<int>(::syscall(SYS_inotify_add_watch, fd, path, mask));
}

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  before_writing(fd);
  return ::syscall(SYS_write, fd, bytes, size);
}

extern "C" ssize_t writev(int fd, const struct iovec* parts, int count) {
  before_writing(fd);
  return ::syscall(SYS_writev, fd, parts, count);
}

extern "C" ssize_t pread(int fd, void* bytes, size_t size, off_t at) noexcept {
  const auto count = ::syscall(SYS_pread64, fd, bytes, size, at);
  const char* type = std::getenv("FAKE_MOUNT");
  const char* below = std::getenv("FAKE_BELOW");
  char path[PATH_MAX] = {};
  if (count <= 0 || type == nullptr || below == nullptr || !find_path(fd, path)) return count;
  if (std::strstr(path, "/mountinfo") == nullptr) return count;
  auto* text = static_cast<char*>(bytes);
  auto* place =
      static_cast<char*>(::memmem(text, static_cast<size_t>(count), below, std::strlen(below)));
  if (place == nullptr) return count;
  const auto left = static_cast<size_t>(text + count - place);
  auto* options_end = static_cast<char*>(::memmem(place, left, " - ", 3));
  if (options_end != nullptr) std::memcpy(options_end + 3, type, std::strlen(type));
  return count;
}

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  before_writing(fd);
  return ::syscall(SYS_pwrite64, fd, bytes, size, at);
}

extern "C" int fsync(int fd) {
  before_writing(fd);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  before_writing(fd);
  await_gate(fd);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" int ftruncate64(int fd, off64_t size) noexcept {
  before_writing(fd);
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  before_writing(to);
  return static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

extern "C" int unlink(const char* path) noexcept {
  before_writing(path);
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
