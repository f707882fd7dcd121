// SPDX-License-Identifier: MIT
#include "process/cgroup.h"

#include <fstream>

#include "process/cgroup_world.h"

using namespace poltergeist;
using namespace poltergeist::process;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kUnified =
    "22 1 254:1 / / rw - ext4 /dev/vda rw\n"
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr std::string_view kHybrid =
    "31 22 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

std::string place_in(std::string_view mountinfo, std::string_view cgroup) {
  const auto found = cgroup_in(mountinfo, cgroup);
  return found ? found->string() : found.error().message;
}

void write_to(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("what a cgroup has used is told without a controller") {
  CHECK(processor_time_in("usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n") ==
        Microseconds(1500));
  CHECK(processor_time_in("nice_usec 1\nusage_usec 0\n") == Duration::zero());
  CHECK_FALSE(processor_time_in(""));
  CHECK_FALSE(processor_time_in("usage_usec \n"));
  CHECK_FALSE(processor_time_in("usage_usecs 3\n"));
}

TEST_CASE("our own cgroup is found wherever cgroups of version 2 are mounted") {
  CHECK(place_in(kUnified, "0::/user.slice/app.scope\n") == "/sys/fs/cgroup/user.slice/app.scope");
  CHECK(place_in(kUnified, "0::/\n") == "/sys/fs/cgroup/");
  CHECK(place_in(kHybrid, "9:name=systemd:/x\n1:cpu:/y\n0::/a b\n") ==
        "/sys/fs/cgroup/unified/a b");
  // A part of the tree, as containers have it.
  CHECK(place_in("7 1 0:1 /docker/ab /sys/fs/cgroup rw - cgroup2 x rw\n", "0::/docker/ab/c\n") ==
        "/sys/fs/cgroup/c");
  CHECK(place_in("7 1 0:1 /docker/ab /sys/fs/cgroup rw - cgroup2 x rw\n", "0::/docker/ab\n") ==
        "/sys/fs/cgroup");
}

TEST_CASE("where our own cgroup cannot be reached it is said why") {
  CHECK(place_in(kUnified, "1:cpu:/y\n") == "this kernel has no cgroup v2");
  CHECK(place_in(kUnified, "") == "this kernel has no cgroup v2");
  CHECK(place_in("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "0::/\n") ==
        "no cgroup v2 file system is mounted");
  CHECK(place_in(kUnified, "0::/../other\n") ==
        "our own cgroup /../other is not below what is mounted of them");
  CHECK(place_in("7 1 0:1 /docker/ab /sys/fs/cgroup rw - cgroup2 x rw\n", "0::/docker/abc\n") ==
        "our own cgroup /docker/abc is not below what is mounted of them");
  const auto none = Cgroup::open("/proc");
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "/proc is no cgroup");
  CHECK(Cgroup::open("/no/such/cgroup").error().code == Errc::NotFound);
}

TEST_CASE("a cgroup knows who is in it and below it and kills them as one") {
  const HomeCgroup home;
  if (!home) return;
  auto cgroup = Cgroup::create(home.path() / "a").value();
  CHECK_FALSE(cgroup.is_populated());
  CHECK(cgroup.members().empty());
  const auto below = Cgroup::create(cgroup.path() / "b").value();
  auto one = spawn(chaos({"stubborn", "15"})).value();
  auto two = spawn(chaos({"stubborn", "15"})).value();
  write_to(cgroup.path() / "cgroup.procs", std::to_string(one.pid()));
  write_to(below.path() / "cgroup.procs", std::to_string(two.pid()));
  CHECK(cgroup.is_populated());
  CHECK(cgroup.members() == std::vector<pid_t>{one.pid(), two.pid()});
  CHECK_FALSE(cgroup.remove());
  REQUIRE(cgroup.kill());
  REQUIRE(is_readable(one.pidfd()));
  REQUIRE(is_readable(two.pidfd()));
  // Their zombies are not counted.
  CHECK(cgroup.members().empty());
  CHECK_FALSE(cgroup.is_populated());
  CHECK(cgroup.remove());
  CHECK(cgroup.remove());
  CHECK(home.below().empty());
}

TEST_CASE("a cgroup is as new unless somebody is or left anything there") {
  const HomeCgroup home;
  if (!home) return;
  auto cgroup = Cgroup::create(home.path() / "a").value();
  CHECK(cgroup.is_as_new());
  {
    auto below = Cgroup::create(cgroup.path() / "b").value();
    CHECK_FALSE(cgroup.is_as_new());
    below.remove();
  }
  CHECK(cgroup.is_as_new());
  write_to(cgroup.path() / "cgroup.freeze", "1");
  CHECK_FALSE(cgroup.is_as_new());
  write_to(cgroup.path() / "cgroup.freeze", "0");
  CHECK(cgroup.is_as_new());
  auto child = spawn(chaos({"stubborn"})).value();
  write_to(cgroup.path() / "cgroup.procs", std::to_string(child.pid()));
  CHECK_FALSE(cgroup.is_as_new());
}
