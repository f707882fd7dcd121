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
