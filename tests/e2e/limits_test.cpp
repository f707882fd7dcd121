// SPDX-License-Identifier: MIT
// inotify's limits, reached and lifted while the daemon runs: nothing is lost, status says what is
// needed, and all is well again by itself. The limits are those of a user namespace of the test's
// own; where none is permitted, tests/watch does the same with a scripted source.
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support/oracle_project.h"
#include "support/own_namespace.h"
#include "support/rounds.h"
#include "sys/clock.h"
#include "sys/files.h"
#include "watch/backend.h"
#include "watch/watcher.h"

using namespace poltergeist::test;

namespace {

bool write_text(const std::string& file, const std::string& text) {
  std::ofstream stream(file);
  return static_cast<bool>(stream << text << std::flush);
}

void allow_watches(int count) {
  REQUIRE(write_text("/proc/sys/user/max_inotify_watches", std::to_string(count)));
}
void allow_instances(int count) {
  REQUIRE(write_text("/proc/sys/user/max_inotify_instances", std::to_string(count)));
}

std::string directory_name(int number) {
  return "src/d" + std::to_string(number);
}

bool await_state(const OracleProject& project, const std::string& state) {
  return await([&] { return project.watch_status().at("state") == state; });
}

std::string doctor(const OracleProject& project) {
  return project.run_poltergeist({"doctor"}).out;
}

// A process of the same user in a namespace below ours, with a watch that is its own affair.
class Neighbour {
 public:
  Neighbour() {
    auto ready = poltergeist::make_pipe().value();
    auto end = poltergeist::make_pipe().value();
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      end.write_end.reset();
      char byte = 'x';
      const int inotify = ::unshare(CLONE_NEWUSER) == 0 ? ::inotify_init1(0) : -1;
      if (::inotify_add_watch(inotify, "/", IN_CREATE) < 0) ::_exit(1);
      [[maybe_unused]] const auto said = ::write(ready.write_end.get(), &byte, 1);
      [[maybe_unused]] const auto over = ::read(end.read_end.get(), &byte, 1);
      ::_exit(0);
    }
    ready.write_end.reset();
    end_ = std::move(end.write_end);
    char byte = 0;
    REQUIRE(::read(ready.read_end.get(), &byte, 1) == 1);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;
  ~Neighbour() {
    end_.reset();
    ::waitpid(child_, nullptr, 0);
  }

 private:
  pid_t child_ = -1;
  poltergeist::UniqueFd end_;
};

constexpr int kPlenty = 100'000;

}  // namespace

TEST_CASE("with fewer watches than directories no edit is lost, and status says what to raise") {
  if (!enter_own_namespace()) return;
  allow_watches(20);
  constexpr int kDirectories = 100;
  OracleProject project;
  for (int i = 0; i < kDirectories; ++i) project.write(directory_name(i) + "/f", "first");
  project.haunt();
  CHECK(project.fault().empty());

  const auto watch = project.watch_status();
  CHECK(watch.at("state") == "degraded");
  const auto reason = watch.at("reason").get<std::string>();
  INFO(reason);
  CHECK(reason.find("this user may have 20,") != std::string::npos);
  // The root, src, those below it, the one above the root, and the place where the user's ignore
  // file may appear.
  CHECK(watch.at("directories").get<int>() == kDirectories + 2);
  CHECK(reason.find(std::to_string(kDirectories + 4) + " watches are needed") != std::string::npos);
  CHECK(reason.find("sudo sysctl user.max_inotify_watches=") != std::string::npos);
  CHECK(watch.at("polled").get<int>() + 20 >= kDirectories);

  const int edits = rounds(30, 1'000);
  for (int i = 0; i < edits; ++i) {
    project.write(directory_name(i * 37 % kDirectories) + "/f", std::to_string(i));
    REQUIRE(project.fault() == "");
  }
  // Nobody asks: the rest is read in turn.
  project.write(directory_name(kDirectories - 1) + "/f", "seen without being asked");
  CHECK(project.converges_by_itself());
  project.write("src/new/deep/f", "in a new directory, too");
  CHECK(project.converges_by_itself());

  allow_watches(kPlenty);
  CHECK(await_state(project, "ok"));
  CHECK(project.watch_status().at("polled") == 0);
  for (int i = 0; i < kDirectories; i += 9) project.write(directory_name(i) + "/f", "by event");
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
}

TEST_CASE("a limit that falls while the daemon runs is met when it matters, and left again") {
  if (!enter_own_namespace()) return;
  allow_watches(kPlenty);
  OracleProject project;
  project.write("src/there/f", "first");
  project.haunt();
  REQUIRE(project.watch_status().at("state") == "ok");

  allow_watches(1);
  project.write("src/there/f", "what has its watch keeps it");
  CHECK(project.fault() == "");
  CHECK(project.watch_status().at("state") == "ok");
  for (int i = 0; i < 50; ++i) project.write(directory_name(i) + "/f", "new");
  CHECK(project.fault() == "");
  CHECK(project.watch_status().at("state") == "degraded");
  for (int i = 0; i < 50; i += 7) project.write(directory_name(i) + "/f", "edited");
  CHECK(project.converges_by_itself());

  allow_watches(kPlenty);
  CHECK(await_state(project, "ok"));
  std::filesystem::rename(project.src() / "d1", project.src() / "there" / "d1");
  project.write("src/there/d1/f", "moved and edited");
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
}

TEST_CASE("ignore files and git's lock beside the tree are looked at when they have no watch") {
  if (!enter_own_namespace()) return;
  allow_watches(kPlenty);
  OracleProject project;
  project.write("src/kept/f", "first");
  project.write("src/other/f", "first");
  REQUIRE(std::system(("git init -q --template= " + project.root().string()).c_str()) == 0);
  std::filesystem::create_directories(project.root() / ".git/info");
  allow_watches(2);
  project.haunt();
  REQUIRE(project.watch_status().at("state") == "degraded");

  const auto files = project.status().at("oracle").at("files").get<int>();
  project.write(".git/info/exclude", "other\n");
  CHECK(await([&] { return project.status().at("oracle").at("files") == files - 1; }));
  allow_watches(kPlenty);
  CHECK(await_state(project, "ok"));
  project.write(".git/info/exclude", "");
  CHECK(await([&] { return project.status().at("oracle").at("files") == files; }));
}

TEST_CASE("doctor says which limit is too low, and the command that raises it, daemon or not") {
  if (!enter_own_namespace()) return;
  allow_watches(20);
  allow_instances(128);
  OracleProject project;
  for (int i = 0; i < 100; ++i) project.write(directory_name(i) + "/f", "first");
  std::string before;
  {
    const Neighbour neighbour;
    before = doctor(project);
  }
  INFO(before);
  CHECK(before.find("  warning  inotify watches    20, of which at least 0 are taken; this project "
                    "needs 104\n") != std::string::npos);
  CHECK(before.find("    sudo sysctl user.max_inotify_watches=524288\n") != std::string::npos);

  project.haunt();
  const auto meanwhile = doctor(project);
  INFO(meanwhile);
  CHECK(meanwhile.find("  warning  tree               degraded: ") != std::string::npos);
  CHECK(meanwhile.find("  warning  inotify watches    20, of which at least 20 are taken; this "
                       "project needs 104\n") != std::string::npos);
  CHECK(meanwhile.find("    sudo sysctl user.max_inotify_watches=524288\n") != std::string::npos);

  allow_watches(kPlenty);
  CHECK(await_state(project, "ok"));
  CHECK(doctor(project).find("  ok       inotify watches ") != std::string::npos);
}

TEST_CASE("doctor says that no inotify instance is left, and how to get one") {
  if (!enter_own_namespace()) return;
  allow_watches(kPlenty);
  allow_instances(0);
  OracleProject project;
  project.write("src/a/f", "first");
  const auto text = doctor(project);
  allow_instances(128);
  INFO(text);
  CHECK(text.find("  warning  back end           poll: no inotify instance is left") !=
        std::string::npos);
  CHECK(text.find("  warning  inotify instances  0, of which at least 0 are taken") !=
        std::string::npos);
  CHECK(text.find("    sudo sysctl user.max_inotify_instances=1024\n") != std::string::npos);
}

TEST_CASE("without an inotify instance the tree is polled, and watched as soon as there is one") {
  if (!enter_own_namespace()) return;
  allow_watches(kPlenty);
  allow_instances(0);
  OracleProject project;
  project.write("src/a/f", "first");
  project.haunt();
  CHECK(project.fault() == "");
  auto watch = project.watch_status();
  CHECK(watch.at("state") == "degraded");
  CHECK(watch.at("backend") == "poll");
  INFO(watch.at("reason"));
  CHECK(watch.at("reason").get<std::string>().find("sudo sysctl user.max_inotify_instances=1024") !=
        std::string::npos);
  project.write("src/a/f", "polled");
  CHECK(project.converges_by_itself());

  allow_instances(128);
  CHECK(await_state(project, "ok"));
  watch = project.watch_status();
  CHECK(watch.at("backend") == "inotify");
  CHECK(watch.at("watches") == watch.at("directories"));
  project.write("src/b/f", "by event");
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
}

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
TEST_CASE("two saves of the same size within one tick of the file system's clock are two") {
  if (!enter_own_namespace()) return;
  OracleProject project;
  const CoarseDisk disk(project.root());
  project.env = {{"LD_PRELOAD", FAKE_SYSTEM_LIBRARY}, {"FAKE_COARSE_TIMES", "1"}};
  std::filesystem::create_directories(project.src());
  project.configure_again();
  const auto file = project.write("src/a.c", "0000");
  project.haunt();
  const auto clock = [&] { return project.watch_status().at("clock").get<int>(); };
  const auto second_of_change = [&] {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_ctim.tv_sec;
  };
  const int wanted = rounds(10, 1'000);
  for (int i = 0, within_one = 0; within_one < wanted; ++i) {
    project.write("src/a.c", std::to_string(1000 + 2 * i % 9000));
    const auto second = second_of_change();
    const auto after_one = clock();
    project.write("src/a.c", std::to_string(1001 + 2 * i % 9000));
    const bool is_within_one = second_of_change() == second;
    REQUIRE(clock() > after_one);
    REQUIRE(project.fault() == "");
    if (is_within_one) ++within_one;
  }
}
#endif

TEST_CASE("file systems below the root come and go, and none is kept from going") {
  if (!enter_own_namespace()) return;
  OracleProject project(nlohmann::json{{"auditSeconds", 0}});
  const auto place = project.src() / "mounted";
  project.write("src/a.c", "text");
  project.write("src/mounted/hidden", "below it");
  auto disk = std::make_unique<SmallDisk>(place, "1m");
  project.write("src/mounted/deep/f", "first");
  project.haunt();
  REQUIRE(project.fault() == "");
  for (int i = 0; i < rounds(2, 100); ++i) {
    project.write("src/mounted/deep/f", std::to_string(i));
    REQUIRE(project.fault() == "");
    REQUIRE(::umount2(place.c_str(), 0) == 0);  // EBUSY if anybody had something open there
    disk.reset();
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
    // No event of a directory tells of what is mounted over it.
    disk = std::make_unique<SmallDisk>(place, "1m");
    project.write("src/mounted/deep/f", "on another one");
    project.write("src/mounted/g", "on another one");
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
    project.write("src/mounted/g", "events tell of it from then on");
    REQUIRE(project.fault() == "");
  }
}

TEST_CASE("whoever asks is told of what was mounted a moment before") {
  if (!enter_own_namespace()) return;
  const TempDir dir;
  const auto place = dir / "root/mounted";
  std::filesystem::create_directories(place);
  poltergeist::watch::Options options;
  options.targets.push_back({.name = "app", .watch_paths = {"**"}});
  auto opened = poltergeist::watch::open_source(dir / "root", poltergeist::watch::Backend::Inotify);
  auto watcher = poltergeist::watch::Watcher::create(dir / "root", options,
                                                     std::move(opened.source), poltergeist::now())
                     .value();
  for (int i = 0; i < rounds(10, 1'000); ++i) {
    {
      const SmallDisk disk(place, "1m");
      std::ofstream(place / "f") << i;
      const auto batch = watcher->sync(poltergeist::now());
      REQUIRE(batch.changes.size() == 1);
      CHECK(batch.changes.front().path.text() == "mounted/f");
    }
    REQUIRE(watcher->sync(poltergeist::now()).changes.size() == 1);
  }
}

#if !defined(__SANITIZE_ADDRESS__)  // whose library must come before all others
TEST_CASE("a file system without events below the root is polled, and status says so") {
  if (!enter_own_namespace()) return;
  OracleProject project(nlohmann::json{{"auditSeconds", 0}});
  const auto place = project.src() / "share";
  std::filesystem::create_directories(place);
  project.write("src/a.c", "text");
  project.env = {{"LD_PRELOAD", FAKE_SYSTEM_LIBRARY},
                 {"FAKE_MOUNT", "nfs4 "},
                 {"FAKE_DEAF", "1"},
                 {"FAKE_BELOW", place.string()}};
  project.haunt();
  REQUIRE(project.fault() == "");
  CHECK(project.watch_status().at("state") == "ok");
  {
    const SmallDisk share(place, "1m");
    project.write("src/share/deep/f", "first");
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
    const auto watch = project.watch_status();
    CHECK(watch.at("backend") == "inotify");
    CHECK(watch.at("polled") == 2);
    CHECK(watch.at("state") == "degraded");
    CHECK(watch.at("reason") == place.string() +
                                    " is on NFS, which does not report changes: it is read every "
                                    "2000 ms");
    project.write("src/share/deep/f", "second");
    REQUIRE(project.fault() == "");
    project.write("src/share/deep/f", "third");
    REQUIRE(project.converges_by_itself());
  }
  REQUIRE(project.converges_by_itself());
  CHECK(project.watch_status().at("state") == "ok");
  CHECK(project.watch_status().at("polled") == 0);
}
#endif

TEST_CASE("that a file system below the root was unmounted is known at once") {
  if (!enter_own_namespace()) return;
  OracleProject project;
  project.write("src/mounted/hidden", "below it");
  const SmallDisk disk(project.src() / "mounted", "1m");
  project.write("src/mounted/deep/f", "first");
  project.haunt();
  REQUIRE(project.fault() == "");
  REQUIRE(::umount2((project.src() / "mounted").c_str(), 0) == 0);
  CHECK(project.converges_by_itself());
  CHECK(project.fault() == "");
}
