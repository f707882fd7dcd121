// SPDX-License-Identifier: MIT
// Every way in which editors and tools save a file is one change of that file, and of no other.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "sys/unique_fd.h"
#include "watch/default_exclusions.h"
#include "watch/watch_world.h"

using namespace poltergeist;
using namespace poltergeist::watch;
using test::World;

namespace {

struct Editor {
  const char* name;
  std::function<void(const World&, const std::string& text)> save;  // of src/a.c
};

void write_at(const std::filesystem::path& path, std::string_view text, int flags) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | flags, 0644));
  REQUIRE(fd);
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

const std::vector<Editor>& editors() {
  static const std::vector<Editor> all = {
      {"in place",
       [](const World& w, const std::string& t) { write_at(w / "src/a.c", t, O_TRUNC); }},
      {"truncate, then write later",
       [](const World& w, const std::string& t) {
         REQUIRE(::truncate((w / "src/a.c").c_str(), 0) == 0);
         write_at(w / "src/a.c", t, 0);
       }},
      {"rename over",
       [](const World& w, const std::string& t) {
         write_at(w / "src/sedAbCdEf", t, O_TRUNC);
         w.move("src/sedAbCdEf", "src/a.c");
       }},
      {"vim",
       [](const World& w, const std::string& t) {
         write_at(w / "src/4913", "", O_TRUNC);
         w.remove("src/4913");
         w.move("src/a.c", "src/a.c~");
         write_at(w / "src/a.c", t, O_TRUNC);
         REQUIRE(::chmod((w / "src/a.c").c_str(), 0644) == 0);
         w.remove("src/a.c~");
       }},
      {"emacs",
       [](const World& w, const std::string& t) {
         std::filesystem::create_symlink("user@host.1", w / "src/.#a.c");
         w.remove("src/a.c~");
         w.move("src/a.c", "src/a.c~");
         write_at(w / "src/a.c", t, O_TRUNC);
         w.remove("src/.#a.c");
       }},
      {"JetBrains",
       [](const World& w, const std::string& t) {
         write_at(w / "src/___jb_tmp___", t, O_TRUNC);
         w.move("src/a.c", "src/___jb_old___");
         w.move("src/___jb_tmp___", "src/a.c");
         w.remove("src/___jb_old___");
       }},
      {"unlink and create",
       [](const World& w, const std::string& t) {
         w.remove("src/a.c");
         write_at(w / "src/a.c", t, O_TRUNC);
       }},
      {"O_TMPFILE and linkat",
       [](const World& w, const std::string& t) {
         const UniqueFd fd(::open((w / "src").c_str(), O_TMPFILE | O_WRONLY, 0644));
         if (!fd) return write_at(w / "src/a.c", t, O_TRUNC);  // not every file system can
         REQUIRE(::write(fd.get(), t.data(), t.size()) > 0);
         w.remove("src/a.c");
         const auto link = "/proc/self/fd/" + std::to_string(fd.get());
         REQUIRE(::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, (w / "src/a.c").c_str(),
                          AT_SYMLINK_FOLLOW) == 0);
       }},
      {"hard link in",
       [](const World& w, const std::string& t) {
         write_at(w.outside() / "new", t, O_TRUNC);
         w.remove("src/a.c");
         std::filesystem::create_hard_link(w.outside() / "new", w / "src/a.c");
         std::filesystem::remove(w.outside() / "new");
       }},
      {"exchange",
       [](const World& w, const std::string& t) {
         write_at(w / "src/a.c.tmp", t, O_TRUNC);
         REQUIRE(::renameat2(AT_FDCWD, (w / "src/a.c.tmp").c_str(), AT_FDCWD,
                             (w / "src/a.c").c_str(), RENAME_EXCHANGE) == 0);
         w.remove("src/a.c.tmp");
       }},
      {"truncate only",
       [](const World& w, const std::string& t) {
         REQUIRE(::truncate((w / "src/a.c").c_str(), static_cast<off_t>(t.size())) == 0);
       }},
      {"mapped",
       [](const World& w, const std::string& t) {
         const UniqueFd fd(::open((w / "src/a.c").c_str(), O_RDWR));
         REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(t.size())) == 0);
         void* map = ::mmap(nullptr, t.size(), PROT_WRITE, MAP_SHARED, fd.get(), 0);
         REQUIRE(map != MAP_FAILED);
         std::memcpy(map, t.data(), t.size());
         ::munmap(map, t.size());
       }},
      {"kept mtime, same size",
       [](const World& w, const std::string& t) {
         const auto before = std::filesystem::last_write_time(w / "src/a.c");
         const auto size = std::filesystem::file_size(w / "src/a.c");
         write_at(w / "src/a.c", t + std::string(size, 'x').substr(std::min(t.size(), size)), 0);
         std::filesystem::resize_file(w / "src/a.c", size);
         std::filesystem::last_write_time(w / "src/a.c", before);
       }},
  };
  return all;
}

}  // namespace

TEST_CASE("a save is one change of the file that was saved, however it is done") {
  Options options = World::options_for({"src/**"});
  options.default_exclusions = default_exclusions_for(Ecosystem::CMake);
  World world(options);
  world.write("src/a.c", "first");
  world.write("src/b.c");
  world.watch();
  int version = 0;
  for (const auto& editor : editors()) {
    for (int i = 0; i < test::scaled(20); ++i) {
      INFO(editor.name);
      editor.save(world, std::string(static_cast<std::size_t>(++version % 97 + 10), 'v'));
      REQUIRE(world.changes() == "*src/a.c");
      editor.save(world, std::string(static_cast<std::size_t>(++version % 97 + 10), 'v'));
      editor.save(world, std::string(static_cast<std::size_t>(++version % 97 + 10), 'v'));
      REQUIRE(world.changes() == "*src/a.c");
    }
  }
  CHECK(world.is_converged());
}

TEST_CASE("looked at in the middle, a save is never more than the file going and coming") {
  for (const auto& editor : editors()) {
    INFO(editor.name);
    Options options = World::options_for({"src/**"});
    options.default_exclusions = default_exclusions_for(Ecosystem::CMake);
    World world(options);
    world.write("src/a.c", "first");
    world.watch();
    editor.save(world, "second version");
    std::string seen;
    for (const auto& change : world->apply(now()).changes) seen += change.path.text();
    CHECK(seen == "src/a.c");
    CHECK(world.changes().empty());
  }
}

TEST_CASE("attributes count as far as they are the file's own") {
  World world;
  world.write("run.sh");
  world.watch();
  REQUIRE(::chmod((world / "run.sh").c_str(), 0755) == 0);
  CHECK(world.changes() == "*run.sh");
  std::ifstream(world / "run.sh").get();
  CHECK_FALSE(world.has_waiting_hints());
}
