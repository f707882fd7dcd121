// SPDX-License-Identifier: MIT
#include "process/sweep.h"

#include <sys/wait.h>

#include <csignal>

#include "process/chaos_world.h"
#include "process/unit_mark.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::process;

namespace {

// A process that starts a unit, tells who is in it, and waits to be killed.
struct Owner {
  Owner() {
    auto pipe = make_pipe().value();
    pid = ::fork();
    if (pid == 0) {
      const World world(Cgroups::No);  // or anybody's start of a daemon would be sooner
      ::kill(world.orphanage->shepherd(), SIGKILL);  // which would be sooner
      auto plan = shell("setsid sh -c 'echo $$; exec sleep 600' & exec sleep 600");
      plan.out = Stream::to(pipe.write_end.get());
      auto unit = spawn(plan);
      while (true) ::pause();
    }
    pipe.write_end.reset();
    grandchild = std::stoi(read_until(pipe.read_end.get(), "\n"));
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::kill(grandchild, SIGKILL);
  }

  void die() const {
    ::kill(pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }

  pid_t pid = 0;
  pid_t grandchild = 0;
};

}  // namespace

TEST_CASE("what a killed process left of its units is found by its mark, and killed") {
  const World world;  // whoever is orphaned below us becomes ours
  const Owner owner;
  REQUIRE(mark_of(owner.grandchild).has_value());
  owner.die();
  ::waitpid(owner.pid, nullptr, 0);
  REQUIRE(is_alive(owner.grandchild));
  CHECK(kill_units_of(owner.pid) >= 1);
  CHECK(world.run_until([&] { return !is_alive(owner.grandchild); }));
}

TEST_CASE("units of a living process are left alone") {
  const World world;
  const Owner owner;
  CHECK(kill_units_of(owner.pid) == 0);
  CHECK(is_alive(owner.grandchild));
}

TEST_CASE("units of others are left alone") {
  const World world;
  const Owner owner;
  owner.die();
  CHECK(kill_units_of(owner.pid == 2 ? 3 : 2) == 0);
  CHECK(is_alive(owner.grandchild));
}
