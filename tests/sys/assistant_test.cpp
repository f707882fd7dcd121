// SPDX-License-Identifier: MIT
#include "sys/assistant.h"

#include <pthread.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "sys/files.h"

using namespace poltergeist;

namespace {

// No thread can be had: none has room for so large a stack.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 46U);
    REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    ::pthread_attr_destroy(&huge);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_{};
};

}  // namespace

TEST_CASE("an assistant does what it is given one after the other, on a thread of its own") {
  Assistant assistant;
  const auto ours = ::gettid();
  std::vector<pid_t> done_on;
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    assistant.give([&, i] {
      done_on.push_back(::gettid());
      order.push_back(i);
    });
  }
  std::vector<int> expected;
  for (int i = 0; i < 100; ++i) {
    assistant.await();
    expected.push_back(i);
  }
  CHECK(order == expected);
  for (const auto thread : done_on) CHECK(thread != ours);
}

TEST_CASE("an assistant says whether the next job is done, and waits for no other") {
  const auto gate = make_pipe().value();
  Assistant assistant;
  assistant.give([] {});
  assistant.give([fd = gate.read_end.get()] {
    char byte = 0;
    [[maybe_unused]] const auto count = ::read(fd, &byte, 1);
  });
  assistant.await();
  CHECK_FALSE(assistant.is_done());
  REQUIRE(::write(gate.write_end.get(), "x", 1) == 1);
  while (!assistant.is_done()) ::sched_yield();
  assistant.await();
  CHECK_FALSE(assistant.is_done());
}

TEST_CASE("an assistant that goes has done what it was at, and does no more") {
  const auto begun = make_pipe().value();
  int done = 0;
  {
    Assistant assistant;
    assistant.give([&] {
      [[maybe_unused]] const auto count = ::write(begun.write_end.get(), "x", 1);
      for (int i = 0; i < 100; ++i) ::sched_yield();
      ++done;
    });
    char byte = 0;
    REQUIRE(::read(begun.read_end.get(), &byte, 1) == 1);
    assistant.give([&] { done += 100; });
  }
  // The second may have been begun before the end.
  CHECK((done == 1 || done == 101));
}

TEST_CASE("where no thread can be had, whoever has work does it") {
  const NoThreads none;
  Assistant assistant;
  pid_t done_on = 0;
  assistant.give([&] { done_on = ::gettid(); });
  CHECK(done_on == ::gettid());
  CHECK(assistant.is_done());
  assistant.await();
  CHECK_FALSE(assistant.is_done());
}
