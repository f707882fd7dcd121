// SPDX-License-Identifier: MIT
#include "process/shepherd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "process/cgroup_branch.h"
#include "process/pidfd.h"
#include "process/sweep.h"
#include "process/unit_mark.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::process {

namespace {

constexpr int kLeash = 3;
constexpr int kOwner = 4;
constexpr auto kName = "polter-shepherd";  // 15 bytes are shown
// What cannot be killed for so long waits for a disk, and is gone when that answers.
constexpr Seconds kSweepsAtMost{10};
constexpr Milliseconds kSweepAgain{5};

// ---- In the copy

// Nothing of what we hold, above all no lock, may live on in it.
void let_go_of_all_but(int leash, int owner) {
  const int null = ::open("/dev/null", O_RDWR);
  // Above what they become, so that none is replaced before it was used.
  const int high_leash = ::fcntl(leash, F_DUPFD, kOwner + 1);
  const int high_owner = ::fcntl(owner, F_DUPFD, kOwner + 1);
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, number);
  ::dup2(high_leash, kLeash);
  ::dup2(high_owner, kOwner);
  ::syscall(SYS_close_range, kOwner + 1, ~0U, 0);
}

// Also in place of our command line, by which people would take it for one of us.
void take_name() {
  ::prctl(PR_SET_NAME, kName);
  const auto length = read_file("/proc/self/cmdline").value_or("").size();
  if (length <= std::string_view(kName).size()) return;
  std::memset(::program_invocation_name, 0, length);
  std::memcpy(::program_invocation_name, kName, std::string_view(kName).size());
}

void stand_apart(const UnitMark& mark) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  take_name();
  // We may be part of somebody's unit: it must not go with that, for then nobody would end ours.
  UnitMark::set_own_number(mark.number_for(::getpid()));
  [[maybe_unused]] const int moved = ::chdir("/");
}

// Whether the owner ended without a word.
bool await_end_of_owner() {
  std::array<pollfd, 2> either{pollfd{kLeash, POLLIN, 0}, pollfd{kOwner, POLLIN, 0}};
  while (true) {
    if (::poll(either.data(), either.size(), -1) < 0 && errno != EINTR) return false;
    char word = 0;
    if ((either[0].revents & POLLIN) != 0 && ::read(kLeash, &word, 1) == 1) return false;
    // Its end of the leash may be closed while the rest of it still ends.
    either[0].fd = either[0].revents != 0 ? -1 : kLeash;
    if (either[1].revents != 0) return true;
  }
}

struct Owner {
  pid_t pid = 0;
  std::filesystem::path branch;
};

void end_units_of(const Owner& owner) {
  const Instant until = now() + kSweepsAtMost;
  while (true) {
    const bool is_gone = owner.branch.empty() || end_branch(owner.branch);
    if ((kill_units_of(owner.pid) == 0 && is_gone) || now() >= until) return;
    ::poll(nullptr, 0, static_cast<int>(kSweepAgain.count()));
  }
}

[[noreturn]] void keep_watch(int leash, int owner_fd, const Owner& owner, const UnitMark& mark) {
  let_go_of_all_but(leash, owner_fd);
  stand_apart(mark);
  if (::send(kLeash, ".", 1, MSG_NOSIGNAL) != 1) end_units_of(owner);  // killed already
  if (await_end_of_owner()) end_units_of(owner);
  ::_exit(0);
}

bool await_word(int leash) {
  char word = 0;
  ssize_t count = 0;
  do {
    count = ::read(leash, &word, 1);
  } while (count < 0 && errno == EINTR);
  return count == 1;
}

}  // namespace

Result<Shepherd> Shepherd::start(const std::filesystem::path& branch) {
  // No pipe: one whose reader was killed would kill us with SIGPIPE.
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno("the shepherd's leash");
  }
  UniqueFd ours(ends[0]);
  UniqueFd its(ends[1]);
  const Owner owner{::getpid(), branch};
  auto owner_fd = open_pidfd(owner.pid);
  if (!owner_fd) return fail(owner_fd.error());
  const auto mark = UnitMark::create();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("starting the shepherd");
  if (pid == 0) keep_watch(its.get(), owner_fd->get(), owner, mark);
  its.reset();
  auto pidfd = open_pidfd(pid);
  // From here on it holds nothing of ours, and has the mark by which others know it.
  if (pidfd && await_word(ours.get())) return Shepherd(pid, std::move(*pidfd), std::move(ours));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  if (!pidfd) return fail(pidfd.error());
  return fail(Errc::Unavailable, "the shepherd ended as soon as it began");
}

Shepherd::Shepherd(pid_t pid, UniqueFd pidfd, UniqueFd leash)
    : pid_(pid), pidfd_(std::move(pidfd)), leash_(std::move(leash)) {}

Shepherd::~Shepherd() {
  if (!leash_) return;  // moved from
  [[maybe_unused]] const auto told = ::send(leash_.get(), ".", 1, MSG_NOSIGNAL);
  siginfo_t ended{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &ended, WEXITED) != 0 &&
         errno == EINTR) {
  }
}

}  // namespace poltergeist::process
