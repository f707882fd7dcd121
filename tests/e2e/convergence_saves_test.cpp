// SPDX-License-Identifier: MIT
// Files that are saved, in every way, at every moment: in the end the build has seen them all.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include <catch2/catch.hpp>

#include "support/editors.h"
#include "support/oracle_project.h"

using namespace poltergeist::test;

namespace {

namespace fs = std::filesystem;

void set_time_of(const fs::path& file, long seconds) {
  const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

// The daemon stands still meanwhile: what happens is known to the kernel only.
class Standstill {
 public:
  explicit Standstill(const OracleProject& project) : daemon_(project.daemon_pid()) {
    ::kill(daemon_, SIGSTOP);
  }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;
  ~Standstill() { ::kill(daemon_, SIGCONT); }

 private:
  pid_t daemon_;
};

// The build that runs then has read "two" in src/a.c, and does not end by itself.
std::size_t builds_before_a_held_one(const OracleProject& project) {
  project.write("src/a.c", "one");
  project.haunt();
  REQUIRE(project.fault() == "");
  project.hold_builds();
  const auto before = project.builds();
  project.write("src/a.c", "two");
  REQUIRE(project.await_build(before));
  return before;
}

bool is_told_of_writers(const OracleProject& project) {
  const auto backend = project.watch_status().at("backend");
  return backend != "poll" && backend != "watchman";
}

}  // namespace

TEST_CASE("whatever saves a file, the build sees it, and nothing is built twice") {
  OracleProject project;
  project.write("src/a.c", "first version of this");
  project.write("src/sub/b.c", "first version of that");
  project.haunt();
  const auto watch = project.watch_status();
  if (watch.contains("choice")) WARN("SKIPPED: " << watch.at("choice"));
  CHECK((watch.contains("choice") || watch.at("backend") == tested_backend() ||
         tested_backend() == "auto"));
  for (int i = 0; i < backend_rounds(4, 280); ++i) {
    for (const auto& editor : editors()) {
      INFO(editor.name << ", round " << i);
      const auto text = std::string(editor.name) + std::to_string(i);
      editor.save(project.src() / (i % 2 == 0 ? "a.c" : "sub/b.c"), project.outside(), text);
      REQUIRE(project.fault() == "");
    }
  }
}

TEST_CASE("a save that nobody asks about is built all the same") {
  OracleProject project;
  project.write("src/a.c", "first version of this");
  project.haunt();
  for (const auto& editor : editors()) {
    INFO(editor.name);
    editor.save(project.src() / "a.c", project.outside(), std::string("by ") + editor.name);
    REQUIRE(project.converges_by_itself());
  }
}

TEST_CASE("what is saved while a build runs is built after it") {
  OracleProject project;
  project.write("src/a.c", "first version of this");
  project.haunt();
  for (int i = 0; i < backend_rounds(2, 250); ++i) {
    for (const auto& editor : editors()) {
      INFO(editor.name << ", round " << i);
      project.hold_builds();
      const auto earlier = project.builds();
      project.write("src/z.c", std::to_string(i) + editor.name);
      REQUIRE(project.await_build(earlier));
      // The build has read everything, and has not ended.
      editor.save(project.src() / "a.c", project.outside(), "during " + std::to_string(i));
      project.let_builds_end();
      REQUIRE(project.fault() == "");
    }
  }
}

TEST_CASE("files in directories that were made a moment ago are never lost") {
  OracleProject project;
  project.haunt();
  for (int i = 0; i < backend_rounds(40, 1'000); ++i) {
    const auto top = "src/p" + std::to_string(i);
    project.write(top + "/d0/d1/d2/f.c", "deep");
    if (i % 3 == 0) fs::remove_all(project.root() / ("src/p" + std::to_string(i / 2)));
    REQUIRE(project.fault() == "");
  }
}

TEST_CASE("any name that a file can have is seen, and what we write stays readable") {
  OracleProject project;
  project.write("src/first", "");
  project.haunt();
  std::mt19937 random(5);
  std::vector<std::string> names = {
      "\xff\xfe", "new\nline",           "-rf",          "$(touch x)",  " ",  "'\"`\\",
      "\x1b[31m", std::string(255, 'n'), "na\xcc\x88me", "n\xc3\xa4me", "Foo"};
  for (int i = 0; i < backend_rounds(20, 2'000); ++i) {
    std::string name(1 + random() % 60, ' ');
    for (auto& byte : name) {
      do byte = static_cast<char>(1 + random() % 255);
      while (byte == '/');
    }
    if (name.front() != '.') names.push_back(name);
  }
  for (const auto& name : names) {
    INFO(name);
    project.write("src/" + name, "text");
    REQUIRE(project.fault() == "");
    REQUIRE(project.status().at("oracle").at("status") == "success");
    REQUIRE(project.state_of("oracle").at("lastBuild").at("status") == "success");
    project.write("src/" + name, "other text");
    REQUIRE(project.fault() == "");
  }
  fs::rename(project.src() / "Foo", project.src() / "foo");
  CHECK(project.fault() == "");
  // As deep as the kernel lets us name it from here.
  std::string deep = "src";
  while (project.root().string().size() + deep.size() < 3800) deep += "/" + std::string(200, 'd');
  project.write(deep + "/f", "deep");
  CHECK(project.fault() == "");
  project.write(deep + "/f", "deep and edited");
  CHECK(project.fault() == "");
}

TEST_CASE(
    "links are what they say: to loops, to nothing, to elsewhere, and to something else now") {
  OracleProject project;
  project.write("src/a/b/f", "text");
  fs::create_symlink("..", project.src() / "a/b/up");
  fs::create_symlink("/", project.src() / "everything");
  fs::create_symlink("nothing", project.src() / "dangling");
  fs::create_symlink("v1", project.src() / "..data");
  fs::create_symlink("two", project.src() / "one");
  fs::create_symlink("one", project.src() / "two");
  project.haunt();
  CHECK(project.fault() == "");
  CHECK(project.watch_status().at("directories").get<int>() <= 4);
  for (int i = 0; i < backend_rounds(10, 100); ++i) {
    fs::create_symlink("to" + std::to_string(i), project.src() / "swap");
    fs::rename(project.src() / "swap", project.src() / "dangling");
    REQUIRE(project.fault() == "");
  }
  // A link becomes a directory, and that a file.
  fs::remove(project.src() / "dangling");
  project.write("src/dangling/f", "in a directory");
  CHECK(project.fault() == "");
  fs::remove_all(project.src() / "dangling");
  project.write("src/dangling", "a file");
  CHECK(project.fault() == "");
  // Two names of one file; the other one's directory hears nothing.
  fs::create_hard_link(project.src() / "a/b/f", project.src() / "g");
  CHECK(project.fault() == "");
  project.write("src/g", "written by its other name");
  CHECK(project.fault() == "");
  project.write("src/a/b/f", "and by its first");
  CHECK(project.fault() == "");
}

TEST_CASE("what is written with the bytes that it had sets nothing off") {
  OracleProject project;
  const auto file = project.write("src/a.c", "text");
  project.write("src/b.c", "more text");
  project.haunt();
  REQUIRE(project.fault() == "");
  // Who is not told of writers may look at a file that was emptied to be written.
  const auto how = is_told_of_writers(project) ? std::ios::out : std::ios::in | std::ios::out;
  const auto before = project.builds();
  for (int i = 0; i < backend_rounds(25, 334); ++i) {
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) == 0);
    REQUIRE(project.fault() == "");
    std::ofstream(file, how) << "text";
    REQUIRE(project.fault() == "");
    fs::rename(project.write("aside", "text"), file);
    REQUIRE(project.fault() == "");
  }
  CHECK(project.builds() == before);
  project.write("src/a.c", "next");
  CHECK(project.fault() == "");
  CHECK(project.builds() == before + 1);
}

TEST_CASE("what a build may have read half written is built again, whatever it says afterwards") {
  OracleProject project;
  const auto before = builds_before_a_held_one(project);
  {
    const Standstill still(project);
    project.write("src/a.c", "for a moment");
    project.write("src/a.c", "two");
  }
  project.let_builds_end();
  CHECK(project.fault() == "");
  CHECK(project.builds() == before + 2);
}

TEST_CASE("a file that is half written when a build ends is built again when it is whole") {
  OracleProject project;
  const auto before = builds_before_a_held_one(project);
  std::ofstream writer(project.src() / "a.c");
  project.let_builds_end();
  REQUIRE(await([&] { return project.state_of("oracle")["lastBuild"]["status"] != "building"; }));
  writer << "two" << std::flush;
  writer.close();
  CHECK(project.fault() == "");
  CHECK(project.builds() > before + 1);
}

TEST_CASE("a file that is emptied before it is written is built once, also without any delay") {
  OracleProject project(nlohmann::json{{"settlingDelay", 0}});
  const auto file = project.write("src/a.c", "first");
  project.haunt();
  REQUIRE(project.fault() == "");
  if (!is_told_of_writers(project)) {
    WARN("SKIPPED: who polls, or has a settling of its own, does not see writers");
    return;
  }
  const auto before = project.builds();
  const int saves = backend_rounds(20, 1'000);
  for (int i = 0; i < saves; ++i) {
    {
      std::ofstream writer(file);
      // What the kernel has told by now has been taken in when the second answer is there.
      (void)project.watch_status();
      (void)project.watch_status();
      writer << "version " << i;
    }
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
  }
  CHECK(project.builds() == before + static_cast<std::size_t>(saves));
}

TEST_CASE("what no event tells of is found by the next comparison of all") {
  OracleProject project(nlohmann::json{{"auditSeconds", 1}});
  const auto file = project.write("src/a/b.c", "first");
  fs::create_hard_link(file, project.outside() / "elsewhere");
  project.haunt();
  REQUIRE(project.fault() == "");
  std::ofstream(project.outside() / "elsewhere") << "written by its other name";
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
  const auto watch = project.watch_status();
  if (watch.at("backend") == "inotify") CHECK(watch.at("unheard") == 1);
}

TEST_CASE("the times of files prove nothing: kept, long past, far ahead") {
  OracleProject project;
  const auto file = project.write("src/a.c", "0000");
  set_time_of(file, 1'000'000'000);
  project.haunt();
  constexpr long kTimes[] = {1'000'000'000, 0, 2'147'483'647, 4'000'000'000, 1};
  for (int i = 0; i < backend_rounds(20, 1'000); ++i) {
    const auto text = std::to_string(1000 + i);
    if (i % 2 == 0) {
      project.write("src/a.c", text);
    } else {
      fs::remove(
          project.write("src/new", text));  // takes the inode number, where it is given again
      fs::rename(project.write("src/new", text), file);
    }
    set_time_of(file, kTimes[i / 4 % std::size(kTimes)]);
    REQUIRE(project.fault() == "");
  }
}

TEST_CASE("what happens while the daemon stands still is known when it goes on") {
  OracleProject project;
  for (int i = 0; i < 10; ++i) project.write("src/f" + std::to_string(i), "first");
  project.haunt();
  const int edits = backend_rounds(500, 10'000);
  {
    const Standstill still(project);
    for (int i = 0; i < edits; ++i) {
      project.write("src/f" + std::to_string(i % 10), std::to_string(i));
      if (i % 50 == 0) project.write("src/n" + std::to_string(i) + "/deep/f", "new");
    }
    fs::remove(project.src() / "f3");
  }
  CHECK(project.fault() == "");
}

TEST_CASE("a queue that overflows costs a comparison, never an edit, and says so") {
  OracleProject project;
  project.write("src/a.c", "first");
  project.write("src/b/b.c", "first");
  project.haunt();
  constexpr int kFlood = 9000;  // of names that nobody wants, each two events or more
  for (int i = 0; i < backend_rounds(1, 200); ++i) {
    {
      const Standstill still(project);
      for (int n = 0; n < kFlood; ++n) {
        const auto noise = (project.src() / (".noise" + std::to_string(n))).string();
        ::close(::open(noise.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
        if (i % 2 == 1) ::unlink(noise.c_str());
      }
      project.write("src/a.c", "hidden by the flood " + std::to_string(i));
      project.write("src/c" + std::to_string(i) + "/deep/c.c", "new");
      fs::remove_all(project.src() / "b");
      project.write("src/b/b.c", "anew " + std::to_string(i));
    }
    REQUIRE(project.fault() == "");
    project.write("src/c" + std::to_string(i) + "/deep/c.c", "watched since");
    REQUIRE(project.converges_by_itself());
  }
  const auto watch = project.watch_status();
  CHECK(watch.at("state") == "ok");
  if (watch.at("backend") == "inotify") CHECK(watch.at("overflows").get<int>() > 0);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("the wall clock may jump as it likes") {
  OracleProject project;
  const auto clock = project.outside() / "clock";
  project.env["LD_PRELOAD"] = FAKE_SYSTEM_LIBRARY;
  project.env["FAKE_CLOCK"] = clock.string();
  project.write("src/a.c", "first");
  project.haunt();
  constexpr const char* kJumps[] = {"86400", "-86400", "0", "-3600", "100000000", "-100000000"};
  for (int i = 0; i < backend_rounds(12, 1'000); ++i) {
    INFO("jump " << i);
    project.hold_builds();
    const auto earlier = project.builds();
    project.write("src/a.c", "before the jump " + std::to_string(i));
    REQUIRE(project.await_build(earlier));
    std::ofstream(clock) << kJumps[static_cast<std::size_t>(i) % std::size(kJumps)];
    project.write("src/b.c", "after the jump " + std::to_string(i));
    project.let_builds_end();
    REQUIRE(project.fault() == "");
    REQUIRE(project.builds() == earlier + 2);
  }
  // The next daemon does not take what is fresh for stale, nor the other way round.
  const auto earlier = project.builds();
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  std::ofstream(clock) << "-1000000";
  project.haunt();
  CHECK(project.fault() == "");
  CHECK(project.builds() == earlier);
}
#endif
