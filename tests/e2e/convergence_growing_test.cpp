// SPDX-License-Identifier: MIT
// Files that come in parts: written twice by a formatter, copied slowly, never closed. The last
// build has all of them, and a failure that came of a half is nobody's news.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "api/client.h"
#include "support/oracle_project.h"
#include "sys/unique_fd.h"

using namespace poltergeist::test;
using poltergeist::UniqueFd;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

namespace {

// What whoever writes the file does between two writes: nobody waits for anything with it.
void take(std::chrono::milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

bool hears_of_writers(const OracleProject& project) {
  const auto backend = project.watch_status().at("backend");
  return backend == "inotify" || backend == "fanotify";
}

UniqueFd open_to_write(const fs::path& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  REQUIRE(fd);
  return fd;
}

void put(const UniqueFd& fd, const std::string& text) {
  REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

// Its build reads first, then stands before its gate, and is good if it read nothing bad. What pops
// up on the desktop is written to "notified".
struct NotifyingProject : TestProject {
  NotifyingProject() {
    const auto programs = root().parent_path() / "bin";
    fs::create_directories(programs);
    std::ofstream(programs / "notify-send")
        << "#!/bin/sh\necho \"$@\" >> " << (root() / "notified").string() << '\n';
    fs::permissions(programs / "notify-send", fs::perms::owner_all);
    env["PATH"] = programs.string() + ":" + std::getenv("PATH");
    env["DISPLAY"] = ":0";
    env["POLTERGEIST_NOTIFICATIONS"] = "true";
    REQUIRE(::mkfifo((root() / "gate").c_str(), 0600) == 0);
    write("a.txt", "good");
    configure({{"targets",
                {{{"name", "app"},
                  {"type", "custom"},
                  {"buildCommand",
                   "grep -q bad a.txt; bad=$?; echo begun >> app.builds; read go < gate; [ $bad = "
                   "1 ]"},
                  {"watchPaths", {"a.txt"}}}}}});
    REQUIRE(run_poltergeist({"haunt"}).code == 0);
  }
  // The build that is the `number`-th has read everything.
  [[nodiscard]] bool begins(std::size_t number) const {
    return await([&] { return builds_of("app") >= number; });
  }
  [[nodiscard]] bool let_build_end() const {
    UniqueFd gate;
    return await([&] {
             gate = UniqueFd(::open((root() / "gate").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
             return static_cast<bool>(gate);
           }) &&
           ::write(gate.get(), "go\n", 3) == 3;
  }
  [[nodiscard]] bool told_of_a_failure() const {
    return read("notified").find("critical") != std::string::npos;
  }
};

}  // namespace

TEST_CASE("a file that a formatter writes again is built as the formatter left it") {
  OracleProject project;
  project.write("src/a.c", "first");
  project.haunt();
  // Who does not hear of writers may look while a slow one has emptied the file and not filled it.
  const std::size_t builds_of_a_save = hears_of_writers(project) ? 1 : 2;
  for (int i = 0; i < backend_rounds(4, 1'000); ++i) {
    INFO("round " << i);
    const auto builds = project.builds();
    project.write("src/a.c", "int main( ){" + std::to_string(i));
    take(std::chrono::milliseconds(80));
    project.write("src/a.c", "int main() {\n  return " + std::to_string(i));
    REQUIRE(project.converges_by_itself());
    REQUIRE(project.fault() == "");
    REQUIRE(project.builds() <= builds + 2 * builds_of_a_save);
  }
}

TEST_CASE("a file that is copied slowly is built when it is whole, not with each slice") {
  OracleProject project;
  project.write("src/a.c", "first");
  project.haunt();
  REQUIRE(project.fault() == "");
  const auto builds = project.builds();
  const int slices = backend_rounds(10, 67);
  const auto begin = Clock::now();
  {
    const auto copy = open_to_write(project.src() / "large");
    // What the kernel has told by now has been taken in when the second answer is there: a daemon
    // that hears of the file and then finds the first slice in it takes that for all.
    (void)project.watch_status();
    (void)project.watch_status();
    for (int i = 0; i < slices; ++i) {
      put(copy, std::string(150'000, static_cast<char>('a' + i % 26)));
      take(std::chrono::milliseconds(30));
    }
  }
  const auto took = Clock::now() - begin;
  CHECK(project.converges_by_itself());
  if (!hears_of_writers(project)) {
    // Slices that all fall into builds are taken for the builds' own doing, for a second each time.
    CHECK(await([&] { return project.fault().empty(); }));
    return;
  }
  CHECK(project.fault() == "");
  // One when it is whole, and where that takes longer, one for each half second.
  CHECK(project.builds() <=
        builds + 1 + static_cast<std::size_t>(took / std::chrono::milliseconds(500)));
}

TEST_CASE("a file that is never closed keeps nothing waiting, neither itself nor others") {
  OracleProject project;
  project.write("src/a.c", "first");
  project.haunt();
  REQUIRE(project.fault() == "");
  const auto log = open_to_write(project.src() / "log");
  auto slowest = Clock::duration::zero();
  for (int i = 0; i < backend_rounds(4, 200); ++i) {
    INFO("round " << i);
    const auto begin = Clock::now();
    put(log, "line " + std::to_string(i) + "\n");
    if (i % 2 == 1) project.write("src/a.c", "beside it " + std::to_string(i));
    REQUIRE(project.converges_by_itself());
    slowest = std::max(slowest, Clock::now() - begin);
  }
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(slowest);
  WARN("the slowest was built after " << milliseconds.count() << " ms");
  CHECK(project.fault() == "");
}

TEST_CASE("a failure that something newer follows is told to nobody, the last one is") {
  const NotifyingProject project;
  std::size_t builds = 1;
  REQUIRE(project.begins(builds));
  REQUIRE(project.let_build_end());
  auto client = std::move(*poltergeist::api::Client::connect(project.socket()));
  for (int i = 0; i < backend_rounds(4, 200); ++i) {
    INFO("round " << i);
    project.write("a.txt", "bad half of " + std::to_string(i));
    REQUIRE(project.begins(++builds));
    project.write("a.txt", "good " + std::to_string(i));
    REQUIRE(client.call("sync"));
    REQUIRE(project.let_build_end());
    REQUIRE(project.begins(++builds));
    REQUIRE(project.let_build_end());
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  }
  CHECK_FALSE(project.told_of_a_failure());
  project.write("a.txt", "bad in the end");
  REQUIRE(project.begins(++builds));
  REQUIRE(project.let_build_end());
  CHECK(await([&] { return project.told_of_a_failure(); }));
}
