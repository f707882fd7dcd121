// SPDX-License-Identifier: MIT
#include "sys/signals.h"

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace poltergeist;

TEST_CASE("a blocked signal arrives as an event, and is known to come from a process") {
  auto loop = Loop::create().value();
  ArrivedSignal arrived;
  const auto source = SignalSource::create(*loop, {SIGUSR1}, [&](ArrivedSignal signal) {
                        arrived = signal;
                        loop->stop();
                      }).value();
  ::kill(::getpid(), SIGUSR1);
  loop->run();
  CHECK(arrived.number == SIGUSR1);
  CHECK_FALSE(arrived.from_terminal);
}

TEST_CASE("the signal mask is what it was when a guard is gone") {
  sigset_t before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  REQUIRE(sigismember(&before, SIGUSR2) == 0);
  {
    const BlockedSignals guard{SIGUSR2};
    sigset_t inside;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &inside);
    CHECK(sigismember(&inside, SIGUSR2) == 1);
  }
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CHECK(sigismember(&after, SIGUSR2) == 0);
}

TEST_CASE("what came while it was blocked is delivered afterwards, or nobody ever hears of it") {
  static volatile std::sig_atomic_t delivered = 0;
  delivered = 0;
  const auto before = std::signal(SIGUSR2, [](int) { delivered = delivered + 1; });
  {
    const BlockedSignals guard({SIGUSR2}, Unread::Discarded);
    ::kill(::getpid(), SIGUSR2);
  }
  CHECK(delivered == 0);
  {
    const BlockedSignals guard{SIGUSR2};
    ::kill(::getpid(), SIGUSR2);
    CHECK(delivered == 0);
  }
  CHECK(delivered == 1);
  std::signal(SIGUSR2, before);
}

TEST_CASE("a signal is known to have come before the loop has delivered it") {
  auto loop = Loop::create().value();
  const auto source =
      SignalSource::create(*loop, {SIGUSR1}, [&](ArrivedSignal) { loop->stop(); }).value();
  CHECK_FALSE(source->has_unread());
  ::kill(::getpid(), SIGUSR1);
  CHECK(source->has_unread());
  loop->run();
  CHECK_FALSE(source->has_unread());
}
