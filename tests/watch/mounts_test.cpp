// SPDX-License-Identifier: MIT
#include "watch/mounts.h"

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;

namespace {

std::string text_of(const std::vector<Mount>& mounts) {
  std::string text;
  for (const auto& mount : mounts) {
    text += std::to_string(mount.id) + "=" + mount.type + ":" + mount.place + "|";
  }
  return text;
}

}  // namespace

TEST_CASE("the mounts at a directory and below it are those of the kernel's list") {
  constexpr std::string_view kList =
      "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "30 22 0:26 / /home rw - tmpfs none rw\n"
      "31 30 0:27 / /home/me rw - tmpfs none rw\n"
      "32 31 0:28 /sub /home/me/a\\040b rw,nosuid shared:4 master:1 - nfs4 host:/x rw\n"
      "33 31 0:29 / /home/meadow rw - tmpfs none rw\n"
      "34 32 0:30 / /home/me/a\\040b/tab\\011line\\012back\\134 rw - tmpfs none rw\n";
  CHECK(text_of(mounts_in(kList, "/home/me")) ==
        "31=tmpfs:/home/me|32=nfs4:/home/me/a b|34=tmpfs:/home/me/a b/tab\tline\nback\\|");
  CHECK(mounts_in(kList, "/").size() == 6);
  CHECK(mounts_in(kList, "/elsewhere").empty());
}

TEST_CASE("what was mounted or unmounted is in one of two lists only") {
  const Mount a{1, "/a", "tmpfs"};
  const Mount b{2, "/b", "tmpfs"};
  const Mount over_b{1, "/b", "nfs"};
  CHECK(difference({b, a}, {a, b}).empty());
  CHECK(text_of(difference({a, b}, {b})) == "1=tmpfs:/a|");
  CHECK(text_of(difference({b}, {b, over_b})) == "1=nfs:/b|");
}

TEST_CASE("a list of mounts that is none is no harm") {
  CHECK(mounts_in("", "/").empty());
  CHECK(mounts_in("\n\n", "/").empty());
  CHECK(mounts_in("22\n22 1\nx 1 0:1 / /a\n", "/").empty());
  CHECK(mounts_in("7 1 0:1 / /no/type", "/").empty());
  CHECK(text_of(mounts_in("7 1 0:1 / /cut\\04 - x", "/")) == "7=x:/cut\\04|");
}

TEST_CASE("whoever tells a watcher of mounts makes it look, once") {
  test::World world;
  auto& watcher = world.watch();
  const auto before = watcher.deadline();
  watcher.note_mounts();
  REQUIRE(watcher.deadline());
  CHECK(*watcher.deadline() <= now());
  CHECK(watcher.apply(now()).changes.empty());
  CHECK(watcher.deadline() == before);
}

TEST_CASE("while nothing is mounted there is no news") {
  const test::TempDir dir;
  Mounts mounts(dir.path());
  CHECK(mounts.fd() >= 0);
  CHECK_FALSE(mounts.has_news());
  CHECK_FALSE(mounts.look());
  CHECK(mounts.below().empty());
}
