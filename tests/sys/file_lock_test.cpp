// SPDX-License-Identifier: MIT
#include "sys/file_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

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

TEST_CASE("a lock is never taken through a symbolic link") {
  const test::TempDir dir;
  dir.write("victim", "precious");
  std::filesystem::create_symlink(dir / "victim", dir / "lock");
  CHECK_FALSE(FileLock::take(dir / "lock"));
  CHECK(dir.read("victim") == "precious");
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
