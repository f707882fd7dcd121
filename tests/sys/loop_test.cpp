// SPDX-License-Identifier: MIT
#include "sys/loop.h"

#include <sys/epoll.h>

#include <thread>

#include <catch2/catch.hpp>

#include "base/log.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace std::chrono_literals;

TEST_CASE("a readable descriptor calls its callback until it is read") {
  auto loop = Loop::create().value();
  auto pipe = make_pipe().value();
  int calls = 0;
  auto handle = loop->watch(pipe.read_end.get(), EPOLLIN, "test", [&](std::uint32_t) { ++calls; });
  REQUIRE(handle);
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  loop->run_until([&] { return calls == 2; });
  CHECK(calls == 2);  // level-triggered: nobody read it
}

TEST_CASE(
    "a callback may end its own registration and that of another that is due in the same turn") {
  auto loop = Loop::create().value();
  auto one = make_pipe().value();
  auto two = make_pipe().value();
  int calls = 0;
  Loop::Handle first;
  Loop::Handle second;
  const auto end_both = [&](std::uint32_t) {
    ++calls;
    first.reset();
    second.reset();
  };
  first = loop->watch(one.read_end.get(), EPOLLIN, "one", end_both).value();
  second = loop->watch(two.read_end.get(), EPOLLIN, "two", end_both).value();
  REQUIRE(::write(one.write_end.get(), "x", 1) == 1);
  REQUIRE(::write(two.write_end.get(), "x", 1) == 1);
  auto stop = loop->at(now() + 1ms, "stop", [&] { loop->stop(); });
  loop->run();
  CHECK(calls == 1);
}

TEST_CASE("timers fire in the order of their times, each once") {
  auto loop = Loop::create().value();
  std::string order;
  const auto start = now();
  auto b = loop->at(start + 2ms, "b", [&] { order += 'b'; });
  auto a = loop->at(start + 1ms, "a", [&] { order += 'a'; });
  auto c = loop->at(start + 3ms, "c", [&] { order += 'c'; });
  CHECK(loop->run_until([&] { return order.size() == 3; }));
  CHECK(order == "abc");
  CHECK(now() >= start + 3ms);
}

TEST_CASE("a timer that was given up never fires") {
  auto loop = Loop::create().value();
  bool fired = false;
  auto timer = loop->at(now(), "given up", [&] { fired = true; });
  timer.reset();
  auto end = loop->at(now() + 1ms, "end", [&] { loop->stop(); });
  loop->run();
  CHECK_FALSE(fired);
}

TEST_CASE("a timer that sets itself again for now does not starve descriptors") {
  auto loop = Loop::create().value();
  auto pipe = make_pipe().value();
  bool read = false;
  Loop::Handle again;
  std::function<void()> rearm = [&] { again = loop->at(now(), "again", rearm); };
  rearm();
  auto handle =
      loop->watch(pipe.read_end.get(), EPOLLIN, "pipe", [&](std::uint32_t) { read = true; })
          .value();
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  CHECK(loop->run_until([&] { return read; }));
}

TEST_CASE("a timer that is due again whenever it was called is slowed down, and named in the log") {
  const test::TempDir dir;
  REQUIRE(open_log(dir / "log", LogLevel::Error, LogTo::File));
  auto loop = Loop::create().value();
  int calls = 0;
  Loop::Handle timer;
  std::function<void()> again = [&] {
    ++calls;
    timer = loop->at(now(), "the mill", again);
  };
  again();
  loop->run_until([&] { return calls == 900; });
  CHECK(dir.read("log").empty());
  const auto slowed = now() + 200ms;
  loop->run_until([&] { return now() >= slowed; });
  CHECK(calls < 900 + 300);
  CHECK(dir.read("log").find("the mill is due again") != std::string::npos);
}

TEST_CASE("another thread's job runs on the loop's thread") {
  auto loop = Loop::create().value();
  std::thread::id ran_on;
  std::thread other([&] {
    loop->post([&] {
      ran_on = std::this_thread::get_id();
      loop->stop();
    });
  });
  loop->run();
  other.join();
  CHECK(ran_on == std::this_thread::get_id());
}
