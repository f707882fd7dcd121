// SPDX-License-Identifier: MIT
#include "sys/worker.h"

#include <dirent.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "sys/clock.h"
#include "sys/files.h"

using namespace poltergeist;

namespace {

int threads() {
  int count = 0;
  DIR* tasks = ::opendir("/proc/self/task");
  while (const dirent* entry = ::readdir(tasks)) count += entry->d_name[0] != '.' ? 1 : 0;
  ::closedir(tasks);
  return count;
}

void read_byte(int fd) {
  char byte = 0;
  [[maybe_unused]] const auto count = ::read(fd, &byte, 1);
}

}  // namespace

TEST_CASE("jobs are done elsewhere one after the other, and told of on the loop's thread") {
  const auto loop = Loop::create().value();
  Worker worker(*loop);
  const auto ours = ::gettid();
  std::vector<pid_t> done_on;
  std::string order;
  for (int i = 0; i < 100; ++i) {
    worker.run(
        [&order, &done_on, i] {
          done_on.push_back(::gettid());
          order += std::to_string(i) + " ";
          return i % 2 == 0 ? Result<void>() : fail(Errc::Io, "job {}", i);
        },
        [&order, ours, i](const Result<void>& result) {
          CHECK(::gettid() == ours);
          CHECK(result.has_value() == (i % 2 == 0));
          if (!result) CHECK(result.error().message == "job " + std::to_string(i));
        });
  }
  int told = 0;
  worker.run([] { return Result<void>(); }, [&](const Result<void>&) { ++told; });
  REQUIRE(loop->run_until([&] { return told == 1; }));
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + " ";
  CHECK(order == expected);
  for (const auto thread : done_on) CHECK(thread != ours);
}

TEST_CASE("the loop goes on while a job waits, and an idle worker has no thread") {
  const auto loop = Loop::create().value();
  const int before = threads();
  Worker worker(*loop);
  CHECK(threads() == before);
  for (int round = 0; round < 3; ++round) {
    const auto gate = make_pipe().value();
    bool over = false;
    worker.run(
        [fd = gate.read_end.get()] {
          read_byte(fd);
          return Result<void>();
        },
        [&](const Result<void>&) { over = true; });
    bool ticked = false;
    const auto timer = loop->at(now() + Milliseconds(1), "tick", [&] { ticked = true; });
    REQUIRE(loop->run_until([&] { return ticked; }));
    CHECK_FALSE(over);
    CHECK(threads() == before + 1);
    REQUIRE(::write(gate.write_end.get(), "x", 1) == 1);
    REQUIRE(loop->run_until([&] { return over; }));
    // Its last job is told of before it is gone.
    while (threads() > before) ::sched_yield();
  }
}

TEST_CASE("nobody hears of jobs whose worker has gone, and it waits for the one that runs") {
  const auto loop = Loop::create().value();
  bool told = false;
  bool done = false;
  {
    Worker worker(*loop);
    const auto started = make_pipe().value();
    worker.run(
        [&, fd = started.write_end.get()] {
          [[maybe_unused]] const auto count = ::write(fd, "x", 1);
          done = true;
          return Result<void>();
        },
        [&](const Result<void>&) { told = true; });
    read_byte(started.read_end.get());
    worker.run([] { return Result<void>(); }, [&](const Result<void>&) { told = true; });
  }
  CHECK(done);
  bool over = false;
  loop->post([&] { over = true; });
  REQUIRE(loop->run_until([&] { return over; }));
  CHECK_FALSE(told);
}
