// SPDX-License-Identifier: MIT
#include "cli/doctor/file_system.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::doctor;

TEST_CASE("a path lies on the deepest mount above it, the last one if there are several") {
  constexpr std::string_view kMounts =
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "30 22 0:26 / /tmp rw - tmpfs tmpfs rw\n"
      "31 22 0:40 / /home/me rw master:2 shared:3 - nfs4 host:/me rw\n"
      "32 31 0:41 / /home/me/a\\040b rw - fuse.sshfs x rw\n"
      "33 22 0:42 / /tmp rw - xfs /dev/sdb rw\n"
      "34 22 torn line\n";
  struct Case {
    std::string path;
    std::string type;
    std::string mount;
  };
  const Case cases[] = {
      {"/", "ext4", "/"},
      {"/home", "ext4", "/"},
      {"/home/melanie", "ext4", "/"},
      {"/home/me", "nfs4", "/home/me"},
      {"/home/me/p", "nfs4", "/home/me"},
      {"/home/me/a b/p", "fuse.sshfs", "/home/me/a b"},
      {"/tmp/x", "xfs", "/tmp"},
  };
  for (const auto& [path, type, mount] : cases) {
    INFO(path);
    const auto found = mount_in(kMounts, path);
    CHECK(found.type == type);
    CHECK(found.mount == mount);
  }
  CHECK(mount_in("", "/").type.empty());
}

TEST_CASE("a real directory has a kind and figures") {
  const test::TempDir dir;
  const auto found = file_system_of(dir.path());
  CHECK_FALSE(found.type.empty());
  CHECK(found.has_figures);
  CHECK(found.total_bytes > 0);
  CHECK_FALSE(found.read_only);
  CHECK(file_system_of("/proc").type == "proc");
  CHECK_FALSE(file_system_of(dir / "absent").has_figures);
}

TEST_CASE("what lies on another machine is known by its kind") {
  for (const auto* type : {"nfs", "nfs4", "cifs", "9p", "fuse.sshfs", "fuseblk", "virtiofs"}) {
    INFO(type);
    CHECK(is_remote(type));
  }
  for (const auto* type : {"", "ext4", "tmpfs", "btrfs", "overlay"}) {
    INFO(type);
    CHECK_FALSE(is_remote(type));
  }
}
