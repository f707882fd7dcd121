// SPDX-License-Identifier: MIT
#include "process/memory_shortage.h"

#include <csignal>
#include <fstream>

#include "process/chaos_world.h"

using namespace poltergeist;
using namespace poltergeist::process;
namespace fs = std::filesystem;

namespace {

const Exit kKilled = Exit::by_signal(SIGKILL);

// A memory cgroup of a test's own with 16 MiB; none where that cannot be had.
class SmallMemory {
 public:
  SmallMemory() {
    std::error_code error;
    if (!fs::create_directory(path_, error)) return;
    std::ofstream(path_ / "memory.swappiness") << 0;
    is_small_ = static_cast<bool>(std::ofstream(path_ / "memory.limit_in_bytes")
                                  << (16 << 20) << std::flush);
  }
  SmallMemory(const SmallMemory&) = delete;
  SmallMemory& operator=(const SmallMemory&) = delete;
  ~SmallMemory() {
    std::error_code ignored;
    fs::remove(path_, ignored);  // an rmdir, as a cgroup wants it
  }

  explicit operator bool() const { return is_small_; }
  // A line of which the rest is done in here.
  [[nodiscard]] std::string in_here(const std::string& line) const {
    return "echo $$ > " + (path_ / "cgroup.procs").string() + " || exit 9; " + line;
  }

 private:
  fs::path path_ = "/sys/fs/cgroup/memory/poltergeist-test-" + std::to_string(::getpid());
  bool is_small_ = false;
};

}  // namespace

TEST_CASE("the kernel's count of kills for want of memory is read where it is") {
  CHECK(memory_kills_in("pgmajfault 7\noom_kill 12\nnuma_hit 3\n") == 12U);
  CHECK(memory_kills_in("oom_kill 0\n") == 0U);
  for (const auto* text : {"", "oom_kill", "oom_kill \n", "oom_kill x\n", "oom_killer 3\n",
                           "pgoom_kill 3\n", "oom_kill -1\n"}) {
    CHECK_FALSE(memory_kills_in(text));
  }
}

TEST_CASE("a SIGKILL is for want of memory where the count rose and else from somebody else") {
  CHECK(killer_of(kKilled, 3, 4) == Exit::Killer::Memory);
  CHECK(killer_of(kKilled, 3, 3) == Exit::Killer::Somebody);
  CHECK(killer_of(kKilled, std::nullopt, 3) == Exit::Killer::Unknown);
  CHECK(killer_of(kKilled, 3, std::nullopt) == Exit::Killer::Unknown);
  // As a shell tells of its command.
  CHECK(killer_of(Exit::by_code(137), 3, 4) == Exit::Killer::Memory);
  CHECK(killer_of(Exit::by_code(137), 3, 3) == Exit::Killer::Unknown);
  CHECK(killer_of(Exit::by_code(1), 3, 4) == Exit::Killer::Unknown);
  CHECK(killer_of(Exit::by_signal(SIGSEGV), 3, 4) == Exit::Killer::Unknown);
}

TEST_CASE("whose doing a SIGKILL was is said in words") {
  Exit exit = kKilled;
  CHECK(exit.text() == "SIGKILL");
  exit.killer = Exit::Killer::Memory;
  CHECK(exit.text() == "SIGKILL because memory ran out");
  exit.killer = Exit::Killer::Somebody;
  CHECK(exit.text() == "SIGKILL from somebody else");
  CHECK(exit == kKilled);
}

TEST_CASE("a command that somebody else has killed is told from one that we have") {
  const World world;
  for (const auto leftovers : {Leftovers::Keep, Leftovers::Kill}) {
    Watched other(world, shell("while read x; do :; done < /dev/zero"), leftovers);
    ::kill(other.unit->pid(), SIGKILL);
    REQUIRE(world.run_until([&] { return !other.exits.empty(); }));
    CHECK(other.exits == std::vector{kKilled});
    // Elsewhere on this machine memory may have run out in the same moment.
    CHECK(other.exits.front().killer != Exit::Killer::Unknown);

    Watched ours(world, shell("while read x; do :; done < /dev/zero"), leftovers);
    ours.unit->kill_all();
    REQUIRE(world.run_until([&] { return !ours.exits.empty(); }));
    CHECK(ours.exits == std::vector{kKilled});
    CHECK(ours.exits.front().killer == Exit::Killer::Unknown);
  }
}

TEST_CASE("a command that the kernel kills because memory ran out says so") {
  const SmallMemory memory;
  if (!memory) {
    WARN("skipped, for no memory cgroup (v1) can be made here");
    return;
  }
  const World world;
  Watched itself(world, shell(memory.in_here("exec tail /dev/zero")), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return itself.has_exited(); }));
  CHECK(itself.exits == std::vector{kKilled});
  CHECK(itself.exits.front().killer == Exit::Killer::Memory);

  Watched below(world, shell(memory.in_here("tail /dev/zero; exit $?")), Leftovers::Keep);
  REQUIRE(world.run_until([&] { return below.has_exited(); }));
  CHECK(below.exits == std::vector{Exit::by_code(137)});
  CHECK(below.exits.front().killer == Exit::Killer::Memory);
}
