// SPDX-License-Identifier: MIT
// Names for open files, for as long as it takes to execute them.
#include "process/exec_name.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/unique_fd.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

namespace fs = std::filesystem;

pid_t dead_pid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

}  // namespace

TEST_CASE("a name leads to the open file and is gone with its owner") {
  const test::TempDir dir;
  const UniqueFd file(::open(dir.write("file", "text").c_str(), O_RDONLY | O_CLOEXEC));
  {
    const auto name = ExecName::create(dir / "names", "app", file.get());
    REQUIRE(name);
    CHECK(name->path().filename() == "app");
    CHECK(fs::equivalent(name->path(), dir / "file"));
  }
  CHECK(fs::is_empty(dir / "names"));
}

TEST_CASE("what a killed owner left goes and what belongs to a living one stays") {
  const test::TempDir dir;
  const auto left = dir / "names" / std::to_string(dead_pid());
  const auto others = dir / "names" / std::to_string(::getppid());
  const auto own = dir / "names" / std::to_string(::getpid());
  for (const auto& directory : {left, others, own}) {
    fs::create_directories(directory);
    fs::permissions(dir / "names", fs::perms::owner_all);
    fs::permissions(directory, fs::perms::owner_all);
    fs::create_symlink("/proc/1/fd/3", directory / "app");
  }
  const auto name = ExecName::create(dir / "names", "app", 0);
  REQUIRE(name);
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::is_symlink(others / "app"));
}

TEST_CASE("where there can be no name the error says so") {
  const test::TempDir dir;
  const auto name = ExecName::create(dir.write("names", "a file"), "app", 0);
  REQUIRE_FALSE(name);
  CHECK_THAT(name.error().message, Catch::Contains("names"));
}
