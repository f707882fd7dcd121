// SPDX-License-Identifier: MIT
#include "sys/signals.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace poltergeist {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

BlockedSignals::BlockedSignals(std::initializer_list<int> signals, Unread unread)
    : set_(set_of(signals)), unread_(unread) {
  ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

BlockedSignals::~BlockedSignals() {
  constexpr timespec kNow{};
  while (unread_ == Unread::Discarded && ::sigtimedwait(&set_, nullptr, &kNow) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

Result<std::unique_ptr<SignalSource>> SignalSource::create(Loop& loop,
                                                           std::initializer_list<int> signals,
                                                           OnSignal on_signal) {
  const sigset_t set = set_of(signals);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("listening for signals");
  std::unique_ptr<SignalSource> source(new SignalSource(signals, std::move(fd)));
  auto readable = loop.watch(source->fd_.get(), EPOLLIN, "signals",
                             [self = source.get(), on_signal = std::move(on_signal)](
                                 std::uint32_t) { self->read_all(on_signal); });
  if (!readable) return fail(readable.error());
  source->readable_ = std::move(*readable);
  return source;
}

bool SignalSource::has_unread() const {
  pollfd waiting{fd_.get(), POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0;
}

void SignalSource::read_all(const OnSignal& on_signal) {
  signalfd_siginfo info{};
  // The callback may destroy this source: nothing of it is touched after a call but for the next
  // read.
  const int fd = fd_.get();
  std::vector<ArrivedSignal> arrived;
  while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    arrived.push_back({static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL});
  }
  const OnSignal call = on_signal;
  for (const auto& signal : arrived) call(signal);
}

}  // namespace poltergeist
