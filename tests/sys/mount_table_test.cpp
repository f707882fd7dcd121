// SPDX-License-Identifier: MIT
#include "sys/mount_table.h"

#include <catch2/catch.hpp>

using namespace poltergeist;

TEST_CASE("a line of the table of mounts says what of which file system is where") {
  constexpr std::string_view kTable =
      "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "32 22 0:28 /a\\040part /home/me/a\\040b rw,nosuid shared:4 master:1 - nfs4 host:/x rw\n"
      "34 32 0:30 / /home/me/tab\\011line\\012back\\134 rw - tmpfs none rw\n";
  CHECK(parse_mountinfo(kTable) ==
        std::vector<MountEntry>{{22, "/", "/", "ext4"},
                                {32, "/a part", "/home/me/a b", "nfs4"},
                                {34, "/", "/home/me/tab\tline\nback\\", "tmpfs"}});
}

TEST_CASE("lines that are no mounts are left out") {
  for (const auto* text : {"", "\n\n", "22\n22 1\nx 1 0:1 / /a - ext4 none rw\n",
                           "7 1 0:1 / /no/type", "7 1 0:1 / relative rw - ext4 none rw"}) {
    INFO(text);
    CHECK(parse_mountinfo(text).empty());
  }
  CHECK(parse_mountinfo("7 1 0:1 / /cut\\04 - x") ==
        std::vector<MountEntry>{{7, "/", "/cut\\04", "x"}});
}
