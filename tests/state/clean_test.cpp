// SPDX-License-Identifier: MIT
#include "state/clean.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <catch2/catch.hpp>

#include "state/daemon_file.h"
#include "state/pause_flag.h"
#include "state/state_manager.h"
#include "state/target_state_json.h"
#include "support/temp_dir.h"
#include "sys/clock.h"
#include "sys/unix_socket.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

namespace {

constexpr Seconds kDay{24 * 3600};
constexpr Seconds kWeek = 7 * kDay;
const WallTime kNow = wall_now();

// A state directory with projects that were used at some time.
struct Given {
  test::TempDir dir;
  fs::path states = *state_dir(dir / "state");

  ProjectPaths project(const std::string& name, std::chrono::hours age) const {
    fs::create_directories(dir / name);
    const auto paths = *ProjectPaths::create(states, dir / name);
    target(paths, "app", age);
    static_cast<void>(*take_project_lock(paths));
    REQUIRE(write_daemon_file(paths, {.pid = 1}));
    REQUIRE(listen_at(paths.socket()));
    REQUIRE(set_paused(paths, true));
    for (const auto& file : {paths.lock(), paths.daemon_json(), paths.socket(), paths.paused()}) {
      make_old(file, age);
    }
    return paths;
  }

  void target(const ProjectPaths& paths, const std::string& name, std::chrono::hours age) const {
    TargetState state;
    state.identity = {TargetId(name), "executable", paths.root(), paths.project_name(), "/c"};
    state.process = {1, "host", true, kNow - age, kNow - age};
    write(paths.state_file(TargetId(name)), state_text(state), age);
    write(paths.log_file(TargetId(name)), "log\n", age);
    write(old_log_file(paths.log_file(TargetId(name))), "log\n", age);
    write(paths.log_file(TargetId(name), "runner"), "log\n", age);
  }

  void write(const fs::path& file, const std::string& text, std::chrono::hours age) const {
    dir.write("state/" + file.filename().string(), text);
    make_old(file, age);
  }

  static void make_old(const fs::path& file, std::chrono::hours age) {
    const auto seconds =
        std::chrono::duration_cast<Seconds>((kNow - age).time_since_epoch()).count();
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  }

  std::vector<std::string> left() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(states)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
};

constexpr std::chrono::hours kOld = std::chrono::hours(24 * 10);
constexpr std::chrono::hours kYoung = std::chrono::hours(24);

}  // namespace

TEST_CASE("a project that nobody used for a week goes with all that it had") {
  const Given given;
  given.project("old", kOld);
  const auto young = given.project("young", kYoung);
  const auto stale = stale_files(given.states, kWeek, kNow);
  REQUIRE(stale);
  CHECK(stale->size() == 8);
  for (const auto& file : *stale) {
    CHECK(file.project == "old");
    CHECK_THAT(file.reason, Catch::Contains("10 days ago"));
  }
  const auto before = given.left();
  const auto removed = remove_stale_files(given.states, kWeek, kNow);
  REQUIRE(removed);
  CHECK(removed->size() == 8);
  CHECK(given.left().size() == before.size() - 8);
  for (const auto& name : given.left()) CHECK(name.starts_with(young.key()));
}

TEST_CASE("looking removes nothing") {
  const Given given;
  given.project("old", kOld);
  const auto before = given.left();
  REQUIRE(stale_files(given.states, kWeek, kNow));
  CHECK(given.left() == before);
}

TEST_CASE("a project that a daemon serves is left alone, however old its files are") {
  const Given given;
  const auto paths = given.project("old", kOld);
  const auto lock = take_project_lock(paths);
  REQUIRE(lock);
  const auto before = given.left();
  CHECK(stale_files(given.states, Seconds(0), kNow)->empty());
  CHECK(remove_stale_files(given.states, Seconds(0), kNow)->empty());
  CHECK(given.left() == before);
  CHECK(lock->is_in_place(paths.lock()));
}

TEST_CASE("of any age means of any age, and each file names its target") {
  const Given given;
  const auto paths = given.project("young", kYoung);
  given.target(paths, "my lib", kYoung);
  const auto removed = remove_stale_files(given.states, Seconds(0), kNow);
  REQUIRE(removed);
  CHECK(given.left().empty());
  const auto state = std::find_if(removed->begin(), removed->end(), [&](const StaleFile& stale) {
    return stale.file == paths.state_file(TargetId("my lib"));
  });
  REQUIRE(state != removed->end());
  CHECK(state->target == "my lib");
  CHECK(state->project == "young");
}

TEST_CASE("an old target of a project that is used goes, the project's own files stay") {
  const Given given;
  const auto paths = given.project("young", kYoung);
  given.target(paths, "gone", kOld);
  const auto removed = remove_stale_files(given.states, kWeek, kNow);
  REQUIRE(removed);
  CHECK(removed->size() == 4);
  for (const auto& stale : *removed) CHECK_THAT(stale.file.string(), Catch::Contains("-gone"));
  CHECK(fs::exists(paths.lock()));
}

TEST_CASE("the logs of a target stay as long as its state") {
  const Given given;
  const auto paths = given.project("young", kYoung);
  Given::make_old(paths.log_file(TargetId("app")), kOld);
  Given::make_old(paths.log_file(TargetId("app"), "runner"), kOld);
  CHECK(stale_files(given.states, kWeek, kNow)->empty());
}

TEST_CASE("a state's own word about its last use counts, not the date of its file") {
  const Given given;
  const auto paths = given.project("old", kOld);
  const auto file = paths.state_file(TargetId("app"));
  Given::make_old(file, std::chrono::hours(0));
  const auto stale = *stale_files(given.states, kWeek, kNow);
  CHECK(std::any_of(stale.begin(), stale.end(), [&](const auto& s) { return s.file == file; }));
}

TEST_CASE("what is not ours in name, kind or content is never touched") {
  const Given given;
  const auto decoy = [&](const std::string& name, const std::string& text) {
    given.write(given.states / name, text, kOld);
  };
  decoy("notes.txt", "mine");
  decoy("app.state", "{}");
  decoy("proj-0123abcd-app.state", "not JSON");
  decoy("proj-0123abce-app.state",
        R"({"version": "1.0", "projectPath": "/elsewhere", "target": "app"})");
  decoy("proj-0123abcf-app.state",
        R"({"version": "9.0", "projectPath": "/elsewhere", "target": "app"})");
  decoy("proj-0123abcd-app.txt", "mine");
  decoy("proj-0123ABCD-app.log", "mine");
  decoy("proj-0123abcd.sock", "a file, no socket");
  decoy("-0123abcd-app.log", "mine");
  fs::create_directory(given.states / "proj-0123abcd-dir.log");
  fs::create_symlink("/etc/passwd", given.states / "proj-0123abcd-link.log");
  const auto before = given.left();
  CHECK(remove_stale_files(given.states, Seconds(0), kNow)->empty());
  CHECK(given.left() == before);
}

TEST_CASE("what a power cut emptied goes") {
  const Given given;
  given.write(given.states / "proj-0123abcd-app.state", "", kOld);
  CHECK(remove_stale_files(given.states, kWeek, kNow)->size() == 1);
  CHECK(given.left().empty());
}

TEST_CASE("a directory that is called like a hash does not hide its daemon") {
  const Given given;
  const auto paths = given.project("app-12345678-x", kOld);
  const auto lock = take_project_lock(paths);
  REQUIRE(lock);
  CHECK(remove_stale_files(given.states, Seconds(0), kNow)->empty());
}

TEST_CASE("cleaning where nothing is, is an error that says so") {
  const auto stale = stale_files("/nowhere/at/all", kWeek, kNow);
  REQUIRE_FALSE(stale);
  CHECK_THAT(stale.error().message, Catch::Contains("/nowhere/at/all"));
}

TEST_CASE("a daemon that opened the lock while clean removed it finds the new one") {
  const Given given;
  const auto paths = given.project("old", kOld);
  std::optional<FileLock> held = *take_project_lock(paths);
  fs::remove(paths.lock());
  CHECK_FALSE(held->is_in_place(paths.lock()));
  const auto second = take_project_lock(paths);
  REQUIRE(second);
  CHECK(second->is_in_place(paths.lock()));
}
