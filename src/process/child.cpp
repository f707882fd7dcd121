// SPDX-License-Identifier: MIT
#include "process/child.h"

#include <sys/wait.h>

#include <cerrno>
#include <utility>

namespace poltergeist::process {

namespace {

constexpr Seconds kDeathTakesAtMost{2};

Exit exit_for(const siginfo_t& info) {
  return info.si_code == CLD_EXITED ? Exit::by_code(info.si_status)
                                    : Exit::by_signal(info.si_status);
}

// waitid() on one process, again if a signal interrupts it. Nothing if there is nothing to tell
// yet.
std::optional<siginfo_t> wait_for(int pidfd, int options) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, options) != 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (info.si_pid == 0) return std::nullopt;
  return info;
}

}  // namespace

Child::Child(Child&& other) noexcept
    : parts_(std::move(other.parts_)), ended_(std::exchange(other.ended_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    give_up();
    parts_ = std::move(other.parts_);
    ended_ = std::exchange(other.ended_, std::nullopt);
  }
  return *this;
}

Child::~Child() {
  give_up();
}

void Child::give_up() {
  // Without a descriptor it was moved from; reaped, its leftovers are its owner's decision.
  if (!parts_.pidfd || is_reaped() || parts_.independent) return;
  if (parts_.containment.kill_and_await(kDeathTakesAtMost)) reap();
}

std::optional<Exit> Child::peek() const {
  if (ended_) return ended_;
  const auto info = wait_for(pidfd(), WEXITED | WNOHANG | WNOWAIT);
  if (!info) return std::nullopt;
  return exit_for(*info);
}

Exit Child::reap() {
  if (!ended_) {
    const auto info = wait_for(pidfd(), WEXITED);
    // Nobody else reaps our children; if somebody did, how this one ended is lost.
    ended_ = info ? exit_for(*info) : Exit::by_signal(SIGKILL);
    parts_.containment.forget_leader();
  }
  return *ended_;
}

std::optional<int> Child::take_stop() {
  if (ended_) return std::nullopt;
  const auto info = wait_for(pidfd(), WSTOPPED | WNOHANG);
  if (!info) return std::nullopt;
  return info->si_status;
}

}  // namespace poltergeist::process
