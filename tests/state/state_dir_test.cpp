// SPDX-License-Identifier: MIT
#include "state/state_dir.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include <catch2/catch.hpp>

#include "support/rounds.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(const fs::path& file) {
  struct stat status {};
  REQUIRE(::lstat(file.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("without a wish the state directory is a private one in the temporary directory") {
  const test::TempDir dir;
  const auto first = state_dir("", dir.path());
  REQUIRE(first);
  CHECK(*first == dir / "poltergeist");
  CHECK(mode_of(*first) == 0700);
  CHECK(*state_dir("", dir.path()) == *first);
}

TEST_CASE("a shared name that is not ours alone is left, and one with our number taken") {
  const test::TempDir dir;
  const auto own = dir / fmt::format("poltergeist-{}", ::geteuid());
  SECTION("open to others") {
    fs::create_directory(dir / "poltergeist");
    fs::permissions(dir / "poltergeist", fs::perms(0777));
  }
  SECTION("a link to somewhere") {
    fs::create_directory(dir / "victim");
    fs::permissions(dir / "victim", fs::perms(0700));
    fs::create_symlink(dir / "victim", dir / "poltergeist");
  }
  SECTION("a file") {
    dir.write("poltergeist", "");
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo((dir / "poltergeist").c_str(), 0600) == 0);
  }
  const auto found = state_dir("", dir.path());
  REQUIRE(found);
  CHECK(*found == own);
  CHECK(mode_of(own) == 0700);
}

TEST_CASE("where neither name can be ours the message says why and what to do") {
  const test::TempDir dir;
  dir.write("poltergeist", "");
  fs::create_symlink("/", dir / fmt::format("poltergeist-{}", ::geteuid()));
  const auto found = state_dir("", dir.path());
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Errc::Denied);
  CHECK_THAT(found.error().message,
             Catch::Contains("symbolic link") && Catch::Contains("set POLTERGEIST_STATE_DIR"));
}

TEST_CASE("a given state directory is created with all that is above it, closed to others") {
  const test::TempDir dir;
  const auto found = state_dir(dir / "a/b/c/");
  REQUIRE(found);
  CHECK(*found == dir / "a/b/c");
  CHECK(mode_of(dir / "a") == 0700);
  CHECK(mode_of(*found) == 0700);
}

TEST_CASE("a given state directory may be read by others") {
  const test::TempDir dir;
  fs::permissions(dir.path(), fs::perms(0755));
  CHECK(state_dir(dir.path()));
}

TEST_CASE("another user who plants and takes away all the time never has us write for him") {
  constexpr uid_t kNobody = 65534;
  if (::geteuid() != 0) {
    WARN("only root can be another user: nothing was tested");
    return;
  }
  const test::TempDir dir;
  fs::permissions(dir.path(), fs::perms(01777));
  fs::create_directory(dir / "victim");
  fs::permissions(dir / "victim", fs::perms(0777));
  const auto names = {dir / "poltergeist", dir / "poltergeist-0"};
  const pid_t other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(1);
    for (unsigned turn = 0;; ++turn) {
      for (const auto& name : names) {
        ::rmdir(name.c_str());
        ::unlink(name.c_str());
        if (turn % 3 == 0) ::mkdir(name.c_str(), 0777);
        if (turn % 3 == 1) ::symlink((dir / "victim").c_str(), name.c_str());
        if (turn % 3 == 2) ::mkfifo(name.c_str(), 0666);
        ::chmod(name.c_str(), 0777);
      }
    }
  }
  int ours = 0;
  for (int round = 0; round < test::rounds(300, 10'000) || ours == 0; ++round) {
    const auto found = state_dir("", dir.path());
    if (!found) continue;
    ++ours;
    struct stat status {};
    REQUIRE(::lstat(found->c_str(), &status) == 0);
    REQUIRE((S_ISDIR(status.st_mode) && status.st_uid == 0 && (status.st_mode & 0777) == 0700));
    REQUIRE(write_file(*found / "x.state", "{}"));
    fs::remove_all(*found);
  }
  ::kill(other, SIGKILL);
  int end = 0;
  ::waitpid(other, &end, 0);
  CHECK(WIFSIGNALED(end));
  CHECK(ours > 0);
  CHECK(fs::is_empty(dir / "victim"));
}

TEST_CASE("where anybody could put another state directory in its place there is none") {
  const test::TempDir dir;
  fs::permissions(dir.path(), fs::perms(0755));
  fs::create_directories(dir / "free-for-all/below");
  fs::permissions(dir / "free-for-all", fs::perms(0777));
  const auto given = state_dir(dir / "free-for-all/below/state");
  REQUIRE_FALSE(given);
  CHECK(given.error().code == Errc::Denied);
  CHECK(given.error().message.find("chmod +t " + (dir / "free-for-all").string()) !=
        std::string::npos);
  CHECK_FALSE(state_dir("", dir / "free-for-all"));
  CHECK_FALSE(state_dir(dir / "free-for-all/new/state"));
  CHECK_FALSE(fs::exists(dir / "free-for-all/new"));

  fs::permissions(dir / "free-for-all", fs::perms(01777));
  CHECK(state_dir("", dir / "free-for-all"));
  // Nobody else gets there.
  fs::permissions(dir / "free-for-all", fs::perms(0777));
  fs::permissions(dir.path(), fs::perms(0700));
  CHECK(state_dir(dir / "free-for-all/below/state"));
}

TEST_CASE("a given state directory that others could fill is refused with the reason") {
  const test::TempDir dir;
  SECTION("a link") {
    fs::create_directory(dir / "real");
    fs::create_symlink(dir / "real", dir / "given");
    CHECK_THAT(state_dir(dir / "given").error().message, Catch::Contains("symbolic link"));
    CHECK_THAT(state_dir(dir / "given/").error().message, Catch::Contains("symbolic link"));
  }
  SECTION("a file") {
    dir.write("given", "");
    CHECK_FALSE(state_dir(dir / "given"));
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo((dir / "given").c_str(), 0600) == 0);
    CHECK_FALSE(state_dir(dir / "given"));
  }
  SECTION("writable by all") {
    fs::create_directory(dir / "given");
    fs::permissions(dir / "given", fs::perms(01777));
    const auto found = state_dir(dir / "given");
    REQUIRE_FALSE(found);
    CHECK_THAT(found.error().message,
               Catch::Contains("POLTERGEIST_STATE_DIR") && Catch::Contains("chmod 700"));
  }
  SECTION("of another user") {
    if (::geteuid() != 0) return;  // only root can give a directory away
    fs::create_directory(dir / "given");
    REQUIRE(::chown((dir / "given").c_str(), 12345, 12345) == 0);
    CHECK_THAT(state_dir(dir / "given").error().message, Catch::Contains("user 12345"));
  }
}

TEST_CASE("the files of a project are named after its directory and the hash of its real path") {
  const test::TempDir dir;
  fs::create_directories(dir / "my app");
  fs::create_directory_symlink(dir / "my app", dir / "link");
  const auto paths = ProjectPaths::create("/s", dir / "my app");
  REQUIRE(paths);
  CHECK(paths->project_name() == "my app");
  CHECK(paths->key() == "my-app-" + path_hash(dir / "my app"));
  CHECK(ProjectPaths::create("/s", dir / "link")->key() == paths->key());
  CHECK(ProjectPaths::create("/s", dir / "link/../my app/.")->key() == paths->key());
  const auto key = "/s/" + paths->key();
  CHECK(paths->state_file(TargetId("app")) == key + "-app.state");
  CHECK(paths->log_file(TargetId("app")) == key + "-app.log");
  CHECK(paths->log_file(TargetId("app"), "build") == key + "-app.log");
  CHECK(paths->log_file(TargetId("app"), "runner") == key + "-app-runner.log");
  CHECK(paths->daemon_json() == key + "-daemon.json");
  CHECK(paths->daemon_log() == key + "-daemon.log");
  CHECK(paths->socket() == key + ".sock");
  CHECK(paths->lock() == key + ".lock");
  CHECK(paths->paused() == key + ".paused");
}

TEST_CASE("the hash is the one that other tools compute") {
  CHECK(path_hash("/home/me/project") == "225df309");
}

TEST_CASE("what a target or channel is called never leads out of the state directory") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create("/s", dir.path());
  for (const std::string name : {"../../etc/passwd", "/etc/passwd", "a/b", "..", "", ".", "\n",
                                 "a\0b", "-rf", "ünï", "\xff\xfe"}) {
    INFO(name);
    CHECK(paths.state_file(TargetId(name)).parent_path() == "/s");
    CHECK(paths.log_file(TargetId(name)).parent_path() == "/s");
    CHECK(paths.log_file(TargetId("app"), name).parent_path() == "/s");
    CHECK(paths.log_file(TargetId(name), name).filename().string().size() < 250);
  }
}

TEST_CASE("two names of targets never share a file") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create("/s", dir.path());
  std::vector<std::string> names = {"app",
                                    "app ",
                                    "app!",
                                    "app-",
                                    "a pp",
                                    "a-pp",
                                    "a_pp",
                                    "app~",
                                    "daemon",
                                    "",
                                    std::string(300, 'x'),
                                    std::string(301, 'x'),
                                    target_part(TargetId("a pp"))};
  std::set<fs::path> states;
  std::set<fs::path> logs = {paths.daemon_log()};
  for (const auto& name : names) {
    states.insert(paths.state_file(TargetId(name)));
    logs.insert(paths.log_file(TargetId(name)));
  }
  CHECK(states.size() == names.size());
  CHECK(logs.size() == names.size() + 1);
}

TEST_CASE("a target that is called like another's channel has a log of its own") {
  const test::TempDir dir;
  const auto paths = *ProjectPaths::create("/s", dir.path());
  for (const std::string channel : {"runner", "post-run", "hook"}) {
    CHECK(paths.log_file(TargetId("app-" + channel)) != paths.log_file(TargetId("app"), channel));
  }
}

TEST_CASE("a channel's name keeps what a file name may hold") {
  CHECK(channel_part("web.1_a-b") == "web.1_a-b");
  CHECK(channel_part("my log/..") == "my-log-..");
  CHECK(channel_part("") == "channel");
}

TEST_CASE("a state directory too deep for a socket is refused with the way out") {
  const test::TempDir dir;
  const auto paths = ProjectPaths::create("/" + std::string(100, 'd'), dir.path());
  REQUIRE_FALSE(paths);
  CHECK(paths.error().code == Errc::Invalid);
  CHECK_THAT(paths.error().message, Catch::Contains("POLTERGEIST_STATE_DIR"));
}

TEST_CASE("a project that is not there has no files") {
  const auto paths = ProjectPaths::create("/s", "/nowhere/at/all");
  REQUIRE_FALSE(paths);
  CHECK(paths.error().code == Errc::NotFound);
}
