// SPDX-License-Identifier: MIT
#include "cli/doctor/inotify_use.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/unique_fd.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::doctor;

TEST_CASE("a process's instances and watches are counted, and those of all are no fewer") {
  const test::TempDir dir;
  const auto before = inotify_use_of(::getpid());
  const UniqueFd first(::inotify_init1(IN_CLOEXEC));
  const UniqueFd second(::inotify_init1(IN_CLOEXEC));
  REQUIRE(first);
  REQUIRE(second);
  for (const auto* name : {"a", "b", "c"}) {
    std::filesystem::create_directory(dir / name);
    REQUIRE(::inotify_add_watch(first.get(), (dir / name).c_str(), IN_CREATE) >= 0);
  }
  REQUIRE(::inotify_add_watch(second.get(), dir.path().c_str(), IN_CREATE) >= 0);

  const auto own = inotify_use_of(::getpid());
  CHECK(own == InotifyUse{.instances = before.instances + 2, .watches = before.watches + 4});
  const auto all = inotify_use(::geteuid());
  CHECK(all.instances >= own.instances);
  CHECK(all.watches >= own.watches);
  CHECK(inotify_use_of(0) == InotifyUse{});
}
