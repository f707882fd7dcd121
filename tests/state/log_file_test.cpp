// SPDX-License-Identifier: MIT
#include "state/log_file.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "state/channel_log.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;
using Begin = LogFile::Begin;

namespace {

// As long as it lives, files of this process end at `bytes`: the only full disk that needs no
// mount.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a log is private and goes on where it ended") {
  const test::TempDir dir;
  LogFile(dir / "a.log", Begin::Append).append("one\n");
  LogFile(dir / "a.log", Begin::Append).append("two\n");
  CHECK(dir.read("a.log") == "one\ntwo\n");
  struct stat status {};
  REQUIRE(::stat((dir / "a.log").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("a line that was broken off by a kill is ended before the next") {
  const test::TempDir dir;
  dir.write("a.log", "half a li");
  LogFile(dir / "a.log", Begin::Append).append("one\n");
  CHECK(dir.read("a.log") == "half a li\none\n");
}

TEST_CASE("a reader of the old log keeps it when a new one begins") {
  const test::TempDir dir;
  LogFile(dir / "a.log", Begin::Anew).append("old\n");
  std::ifstream reader(dir / "a.log");
  LogFile(dir / "a.log", Begin::Anew).append("new\n");
  std::string line;
  CHECK(std::getline(reader, line));
  CHECK(line == "old");
  CHECK(dir.read("a.log") == "new\n");
  CHECK(dir.read("a.log.1") == "old\n");
}

TEST_CASE("nothing that was planted is ever written to or waited for") {
  const test::TempDir dir;
  const auto victim = dir.write("victim", "precious\n");
  fs::permissions(victim, fs::perms(0600));
  const auto log = dir / "a.log";
  SECTION("a link") {
    fs::create_symlink(victim, log);
  }
  SECTION("a hard link") {
    fs::create_hard_link(victim, log);
  }
  SECTION("a FIFO") {
    REQUIRE(::mkfifo(log.c_str(), 0600) == 0);
  }
  SECTION("a directory") {
    fs::create_directory(log);
  }
  LogFile appended(log, Begin::Append);
  appended.append("line\n");
  CHECK(appended.trouble());
  CHECK(appended.lost_lines() == 1);
  LogFile anew(log, Begin::Anew);
  anew.append("line\n");
  CHECK_FALSE(anew.trouble());
  CHECK(dir.read("a.log") == "line\n");
  CHECK(dir.read("victim") == "precious\n");
}

TEST_CASE("a full disk loses lines, counts them, and says so when there is room again") {
  const test::TempDir dir;
  LogFile log(dir / "a.log", Begin::Anew);
  log.append("before\n");
  {
    const FullDisk full(10);
    log.append("broken off\n");
    log.append("lost\n");
    CHECK(log.trouble());
  }
  log.append("after\n");
  CHECK(log.lost_lines() == 2);
  CHECK_FALSE(log.trouble());
  const auto text = dir.read("a.log");
  CHECK(text.starts_with("before\nbro\n[poltergeist: 2 lines lost: "));
  CHECK(text.ends_with("]\nafter\n"));
}

TEST_CASE("a log whose place was not writable at first is tried again") {
  const test::TempDir dir;
  LogFile log(dir / "none/a.log", Begin::Anew);
  REQUIRE(log.trouble());
  log.append("lost\n");
  fs::create_directory(dir / "none");
  for (int i = 0; i < 200; ++i) log.append("line\n");
  CHECK_FALSE(log.trouble());
  CHECK(log.lost_lines() < 150);
  CHECK_THAT(dir.read("none/a.log"), Catch::Contains("lines lost"));
}

TEST_CASE("a channel keeps two files of at most its limit") {
  const test::TempDir dir;
  {
    ChannelLog log(dir / "app-runner.log", 1000);
    for (int i = 0; i < 1000; ++i) log.append(std::to_string(i));
  }
  const auto now = dir.read("app-runner.log");
  const auto before = dir.read("app-runner.log.1");
  CHECK(now.size() <= 1000);
  CHECK(before.size() <= 1000);
  CHECK(now.ends_with("\n999\n"));
  CHECK((before + now).find("\n998\n999\n") != std::string::npos);
  // Where the old file ends the new one goes on: no line is lost between them.
  const auto last = std::stoi(before.substr(before.rfind('\n', before.size() - 2) + 1));
  CHECK(now.starts_with(std::to_string(last + 1) + "\n"));
}

TEST_CASE("a channel goes on after a restart, also its limit") {
  const test::TempDir dir;
  ChannelLog(dir / "a.log", 10).append("123456");
  ChannelLog(dir / "a.log", 10).append("abcdef");
  CHECK(dir.read("a.log.1") == "123456\n");
  CHECK(dir.read("a.log") == "abcdef\n");
}
