// SPDX-License-Identifier: MIT
#include "sys/files.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;

TEST_CASE("a file is replaced as a whole and keeps no temporary behind") {
  const test::TempDir dir;
  REQUIRE(write_file(dir / "state", "one"));
  REQUIRE(write_file(dir / "state", "two", Sync::Yes));
  CHECK(read_file(dir / "state").value() == "two");
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
  struct stat status {};
  REQUIRE(::stat((dir / "state").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a write that fails leaves the old file and no temporary") {
  const test::TempDir dir;
  std::filesystem::create_directory(dir / "state");  // rename onto a directory fails
  const auto written = write_file(dir / "state", "x");
  REQUIRE_FALSE(written);
  CHECK(written.error().message.find("state") != std::string::npos);
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("what stands at the name of a temporary is replaced and never written into") {
  const test::TempDir dir;
  const auto victim = dir.write("victim", "precious");
  const auto temporary = dir / fmt::format(".state.{}.tmp", ::getpid());
  SECTION("another name of a file") {
    std::filesystem::create_hard_link(victim, temporary);
  }
  SECTION("a link") {
    std::filesystem::create_symlink(victim, temporary);
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo(temporary.c_str(), 0600) == 0);
  }
  REQUIRE(write_file(dir / "state", "new"));
  CHECK(dir.read("state") == "new");
  CHECK(dir.read("victim") == "precious");
}

TEST_CASE("temporaries of dead writers are swept, those of others and look-alikes stay") {
  const test::TempDir dir;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  dir.write("." + std::string("app.state.") + std::to_string(dead) + ".tmp", "half");
  dir.write(".app.state." + std::to_string(::getppid()) + ".tmp", "alive");
  dir.write("notes.tmp", "somebody's");
  dir.write(".hidden.tmp", "somebody's");
  CHECK(leftover_temporaries(dir.path()) ==
        std::vector{dir / fmt::format(".app.state.{}.tmp", dead)});
  CHECK(sweep_temporaries(dir.path()) == 1);
  CHECK(leftover_temporaries(dir.path()).empty());
  CHECK(leftover_temporaries(dir / "absent").empty());
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 3);
}

TEST_CASE("reading says what is not a file and what is too large") {
  const test::TempDir dir;
  dir.write("big", std::string(100, 'x'));
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK(read_file(dir / "absent").error().code == Errc::NotFound);
  CHECK(read_file(dir / "fifo").error().code == Errc::Invalid);
  CHECK(read_file(dir.path()).error().code == Errc::Invalid);
  CHECK(read_file(dir / "big", 99).error().code == Errc::Invalid);
  CHECK(read_tail(dir / "big", 10).value() == std::string(10, 'x'));
}

TEST_CASE("a private directory is created, and an existing one is taken only if it is private") {
  const test::TempDir dir;
  REQUIRE(ensure_private_directory(dir / "state"));
  REQUIRE(ensure_private_directory(dir / "state"));

  ::chmod((dir / "state").c_str(), 0755);
  const auto open_to_others = ensure_private_directory(dir / "state");
  REQUIRE_FALSE(open_to_others);
  CHECK(open_to_others.error().message.find("chmod 700") != std::string::npos);

  std::filesystem::create_directory(dir / "elsewhere");
  ::chmod((dir / "elsewhere").c_str(), 0700);
  std::filesystem::create_directory_symlink(dir / "elsewhere", dir / "link");
  CHECK(ensure_private_directory(dir / "link").error().code == Errc::Denied);

  dir.write("file", "");
  CHECK_FALSE(ensure_private_directory(dir / "file"));
  CHECK(ensure_private_directory(dir / "no/parent").error().code == Errc::NotFound);
}
