// SPDX-License-Identifier: MIT
#include "sys/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <vector>

#include <catch2/catch.hpp>

#include "support/processor_time.h"
#include "support/rounds.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;

TEST_CASE("a lock has one holder, and is free again when the holder lets go") {
  const test::TempDir dir;
  {
    const auto lock = FileLock::take(dir / "lock");
    REQUIRE(lock);
    CHECK(FileLock::take(dir / "lock").error().code == Errc::Busy);
    CHECK(FileLock::is_held(dir / "lock"));
  }
  CHECK_FALSE(FileLock::is_held(dir / "lock"));
  CHECK(FileLock::take(dir / "lock"));
}

TEST_CASE("a killed holder leaves no lock") {
  const test::TempDir dir;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::take(dir / "lock");
    [[maybe_unused]] const auto told = ::write(ready[1], "x", 1);
    ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(FileLock::is_held(dir / "lock"));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(FileLock::is_held(dir / "lock"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("who only looks keeps nobody from taking the lock") {
  const test::TempDir dir;
  { REQUIRE(FileLock::take(dir / "lock")); }
  std::vector<pid_t> lookers;
  for (int i = 0; i < 4; ++i) {
    const pid_t looker = ::fork();
    if (looker == 0) {
      while (true) [[maybe_unused]] const auto held = FileLock::is_held(dir / "lock");
    }
    lookers.push_back(looker);
  }
  int refused = 0;
  for (int i = 0; i < test::rounds(5'000, 500'000); ++i) {
    if (!FileLock::take(dir / "lock")) ++refused;
  }
  CHECK(refused == 0);
  for (const pid_t looker : lookers) {
    ::kill(looker, SIGKILL);
    ::waitpid(looker, nullptr, 0);
  }
}

TEST_CASE("who loses the processor while he looks keeps nobody from taking the lock either") {
  const test::TempDir dir;
  { REQUIRE(FileLock::take(dir / "lock")); }
  auto looking = make_pipe().value();
  const pid_t looker = ::fork();
  if (looker == 0) {
    const UniqueFd fd(::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC));
    ::flock(fd.get(), LOCK_SH);
    [[maybe_unused]] const auto told = ::write(looking.write_end.get(), "x", 1);
    test::compute_for(std::chrono::milliseconds(200));
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(looking.read_end.get(), &byte, 1) == 1);
  CHECK(FileLock::take(dir / "lock"));
  ::waitpid(looker, nullptr, 0);
}

TEST_CASE("a lock is never taken through a symbolic link") {
  const test::TempDir dir;
  dir.write("victim", "precious");
  std::filesystem::create_symlink(dir / "victim", dir / "lock");
  CHECK_FALSE(FileLock::take(dir / "lock"));
  CHECK(dir.read("victim") == "precious");
}

TEST_CASE("another name of a file is no lock, and neither is a fifo") {
  const test::TempDir dir;
  const auto victim = dir.write("victim", "precious");
  std::filesystem::create_hard_link(victim, dir / "lock");
  const auto linked = FileLock::take(dir / "lock");
  REQUIRE_FALSE(linked);
  CHECK(linked.error().code == Errc::Denied);
  CHECK(dir.read("victim") == "precious");

  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK_FALSE(FileLock::take(dir / "fifo"));
  CHECK_FALSE(FileLock::is_held(dir / "fifo"));
}

TEST_CASE("a holder notices that its lock file was replaced") {
  const test::TempDir dir;
  const auto lock = FileLock::take(dir / "lock");
  REQUIRE(lock);
  CHECK(lock->is_in_place(dir / "lock"));
  std::filesystem::remove(dir / "lock");
  dir.write("lock", "");
  CHECK_FALSE(lock->is_in_place(dir / "lock"));
}
