// SPDX-License-Identifier: MIT
#include "watch/inotify_source.h"

#include <sys/inotify.h>

#include <cstring>

#include <catch2/catch.hpp>

#include "support/temp_dir.h"
#include "sys/clock.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using What = Hint::What;

namespace {

// A record as the kernel lays it out: the name is padded with zero bytes.
std::string record(int wd, std::uint32_t mask, std::string_view name = {}) {
  struct inotify_event event {};
  event.wd = wd;
  event.mask = mask;
  event.len = name.empty() ? 0 : static_cast<std::uint32_t>((name.size() + 16) / 16 * 16);
  std::string bytes(reinterpret_cast<const char*>(&event), sizeof event);
  bytes += name;
  bytes.resize(sizeof event + event.len, '\0');
  return bytes;
}

std::vector<Hint> decoded(const std::string& bytes) {
  std::vector<Hint> hints;
  decode_inotify({bytes.data(), bytes.size()}, hints);
  return hints;
}

}  // namespace

TEST_CASE("every kernel event means one hint") {
  struct Case {
    std::uint32_t mask;
    What what;
  };
  const Case cases[] = {
      {IN_CREATE, What::Created},
      {IN_MODIFY, What::Writing},
      {IN_CLOSE_WRITE, What::Changed},
      {IN_ATTRIB, What::Changed},
      {IN_MOVED_TO, What::Changed},
      {IN_DELETE, What::Gone},
      {IN_MOVED_FROM, What::Gone},
      {IN_CREATE | IN_ISDIR, What::DirectoryAppeared},
      {IN_MOVED_TO | IN_ISDIR, What::DirectoryAppeared},
      {IN_ATTRIB | IN_ISDIR, What::DirectoryAppeared},
      {IN_DELETE | IN_ISDIR, What::DirectoryGone},
      {IN_MOVED_FROM | IN_ISDIR, What::DirectoryGone},
  };
  for (const auto& [mask, what] : cases) {
    INFO(mask);
    const auto bytes = record(7, mask, "a.c");
    const auto hints = decoded(bytes);
    REQUIRE(hints.size() == 1);
    CHECK(hints[0] == Hint{what, WatchToken{7}, "a.c"});
  }
  CHECK(decoded(record(7, IN_IGNORED)).at(0).what == What::SelfGone);
  CHECK(decoded(record(7, IN_UNMOUNT)).at(0).what == What::SelfGone);
  CHECK(decoded(record(7, IN_DELETE_SELF)).at(0).what == What::SelfGone);
  CHECK(decoded(record(7, IN_MOVE_SELF)).at(0).what == What::SelfMoved);
  CHECK(decoded(record(-1, IN_Q_OVERFLOW)).at(0).what == What::Overflow);
}

TEST_CASE("a directory's own attributes are its parent's to report") {
  CHECK(decoded(record(7, IN_ATTRIB | IN_ISDIR)).empty());
}

TEST_CASE("records follow each other, and one that is cut off ends them") {
  const auto two = record(1, IN_CREATE, "first") + record(2, IN_DELETE, "second");
  CHECK(decoded(two).size() == 2);
  for (std::size_t size = 0; size < two.size(); ++size) {
    CHECK(decoded(two.substr(0, size)).size() <= 1);
  }
  auto endless = record(1, IN_CREATE, "x");
  const std::uint32_t huge = 0xfffffff0;
  std::memcpy(endless.data() + offsetof(struct inotify_event, len), &huge, sizeof huge);
  CHECK(decoded(endless).empty());
}

TEST_CASE("the save of each editor names the file that was saved") {
  struct Save {
    const char* editor;
    std::vector<std::pair<std::uint32_t, const char*>> events;
  };
  const Save saves[] = {
      {"vim",
       {{IN_CREATE, "4913"},
        {IN_DELETE, "4913"},
        {IN_MOVED_FROM, "a.c"},
        {IN_MOVED_TO, "a.c~"},
        {IN_CREATE, "a.c"},
        {IN_MODIFY, "a.c"},
        {IN_ATTRIB, "a.c"},
        {IN_CLOSE_WRITE, "a.c"},
        {IN_ATTRIB, "a.c"},
        {IN_DELETE, "a.c~"}}},
      {"sed -i",
       {{IN_CREATE, "sedAbC"},
        {IN_CLOSE_WRITE, "sedAbC"},
        {IN_MOVED_FROM, "sedAbC"},
        {IN_MOVED_TO, "a.c"}}},
      {"JetBrains",
       {{IN_CREATE, "___jb_tmp___"},
        {IN_CLOSE_WRITE, "___jb_tmp___"},
        {IN_MOVED_FROM, "a.c"},
        {IN_MOVED_TO, "___jb_old___"},
        {IN_MOVED_FROM, "___jb_tmp___"},
        {IN_MOVED_TO, "a.c"},
        {IN_DELETE, "___jb_old___"}}},
      {"emacs",
       {{IN_CREATE, ".#a.c"},
        {IN_MOVED_FROM, "a.c"},
        {IN_MOVED_TO, "a.c~"},
        {IN_CREATE, "a.c"},
        {IN_MODIFY, "a.c"},
        {IN_CLOSE_WRITE, "a.c"},
        {IN_DELETE, ".#a.c"}}},
      {"in place", {{IN_MODIFY, "a.c"}, {IN_CLOSE_WRITE, "a.c"}}},
      {"git checkout",
       {{IN_DELETE, "a.c"}, {IN_CREATE, "a.c"}, {IN_MODIFY, "a.c"}, {IN_CLOSE_WRITE, "a.c"}}},
      {"touch", {{IN_ATTRIB, "a.c"}, {IN_CLOSE_WRITE, "a.c"}}},
      {"truncate", {{IN_MODIFY, "a.c"}}},
      {"linkat", {{IN_CREATE, "a.c"}}},
      {"exchange",
       {{IN_MOVED_FROM, "b.c"},
        {IN_MOVED_TO, "a.c"},
        {IN_MOVED_FROM, "a.c"},
        {IN_MOVED_TO, "b.c"}}},
  };
  for (const auto& [editor, events] : saves) {
    INFO(editor);
    std::string bytes;
    for (const auto& [mask, name] : events) bytes += record(3, mask, name);
    const auto hints = decoded(bytes);
    CHECK(hints.size() == events.size());
    CHECK(std::any_of(hints.begin(), hints.end(),
                      [](const Hint& hint) { return hint.name == "a.c"; }));
  }
}

TEST_CASE("a source watches directories only, and gives one token for one directory") {
  const poltergeist::test::TempDir dir;
  dir.write("file", "");
  std::filesystem::create_directory_symlink(dir.path(), dir / "link");
  auto source = InotifySource::create().value();
  CHECK(source->add(dir / "file", Interest::Tree).error().code == Errc::NotFound);
  CHECK(source->add(dir / "link", Interest::Tree).error().code == Errc::NotFound);
  CHECK(source->add(dir / "absent", Interest::Tree).error().code == Errc::NotFound);
  const auto token = source->add(dir.path(), Interest::Aside);
  REQUIRE(token);
  CHECK(source->add(dir.path(), Interest::Tree).value() == *token);
  std::vector<Hint> hints;
  CHECK_FALSE(source->read(hints, now()).value());
  dir.write("new", "");
  CHECK(source->read(hints, now()).value());
  CHECK_FALSE(hints.empty());
}

TEST_CASE(
    "the command that raises a limit makes room for twice of what is needed, at least the usual") {
  using enum InotifyResource;
  CHECK(raise_command(Watches, {20, "user.max_inotify_watches"}, 104) ==
        "sudo sysctl user.max_inotify_watches=524288");
  CHECK(raise_command(Watches, {524'288, "fs.inotify.max_user_watches"}, 300'000) ==
        "sudo sysctl fs.inotify.max_user_watches=2097152");
  CHECK(raise_command(Instances, {128, "fs.inotify.max_user_instances"}, 1) ==
        "sudo sysctl fs.inotify.max_user_instances=1024");
}
