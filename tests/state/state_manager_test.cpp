// SPDX-License-Identifier: MIT
#include "state/state_manager.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <optional>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "state/target_state_json.h"
#include "support/temp_dir.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::state;
namespace fs = std::filesystem;

namespace {

const TargetId kApp("app");
const WallTime kStart = *from_iso8601("2026-01-31T12:00:00.000Z");

Moment at(int ms) {
  return {Instant(Seconds(1000)) + Milliseconds(ms), kStart + Milliseconds(ms)};
}

struct Given {
  // What is to be made safe, and who is told when it is.
  using Done = std::function<void(const Result<void>&, Moment)>;
  std::vector<std::pair<fs::path, Done>> unsafe;
  test::TempDir dir;
  fs::path root = dir / "project";
  ProjectPaths paths = make_paths();
  std::optional<StateManager> manager = StateManager(paths, kStart, make_safe());

  Given() { manager->add(identity("app"), at(0)); }

  ProjectPaths make_paths() const {
    fs::create_directories(root);
    return *ProjectPaths::create(*state_dir(dir / "state"), root);
  }
  StateManager::MakeSafe make_safe() {
    return [this](const fs::path& file, Done done) { unsafe.emplace_back(file, std::move(done)); };
  }
  TargetIdentity identity(const std::string& name) const {
    return {TargetId(name), "executable", paths.root(), paths.project_name(),
            root / "poltergeist.config.json"};
  }
  TargetState file(const TargetId& target = kApp) const {
    const auto state = load_state(paths.state_file(target));
    if (!state) FAIL(state.error().message);
    return *state;
  }
  void restart(Moment now) {
    manager.emplace(paths, now.wall, make_safe());
    manager->add(identity("app"), now);
  }
};

BuildEnd success(BuildId id) {
  return {.id = id, .verdict = BuildVerdict::Success, .duration = Milliseconds(10), .exit_code = 0};
}

}  // namespace

TEST_CASE("a target has a state file as soon as it is known") {
  const Given given;
  const auto state = given.file();
  CHECK(state.identity == given.identity("app"));
  CHECK(state.process.pid == ::getpid());
  CHECK(state.process.is_active);
  CHECK(state.process.start_time == kStart);
  CHECK_FALSE(state.last_build);
  struct stat status {};
  REQUIRE(::stat(given.paths.state_file(kApp).c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("the file follows a build, and its seq and heartbeat each write") {
  Given given;
  const auto first = given.file();
  CHECK(given.manager->build_started(kApp, {.id = BuildId(1)}, at(5)));
  const auto building = given.file();
  CHECK(building.status() == BuildStatus::Building);
  CHECK(building.seq > first.seq);
  CHECK(building.process.last_heartbeat == at(5).wall);
  CHECK(given.manager->build_ended(kApp, success(BuildId(1)), at(15)));
  CHECK(given.file().status() == BuildStatus::Success);
  CHECK(given.file().seq > building.seq);
}

TEST_CASE("progress is written five times a second, and the last of it in any case") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  auto seq = given.file().seq;
  int writes = 0;
  for (int ms = 1; ms <= 1000; ++ms) {
    given.manager->build_progress(kApp, BuildId(1), {ms, 1000, ms / 10, "", at(ms).wall}, at(ms));
    if (const auto due = given.manager->deadline(); due && *due <= at(ms).now) {
      given.manager->on_time(at(ms));
    }
    writes += given.file().seq != seq ? 1 : 0;
    seq = given.file().seq;
  }
  CHECK(writes == 5);
  given.manager->build_progress(kApp, BuildId(1), {1, 1, 100, "last", at(1001).wall}, at(1001));
  REQUIRE(given.manager->deadline());
  CHECK(*given.manager->deadline() <= at(1200).now);
  given.manager->on_time({*given.manager->deadline(), kStart});
  CHECK(given.file().last_build->progress->label == "last");
  CHECK_FALSE(given.manager->deadline());
}

TEST_CASE("a verdict does not wait for the pace of progress") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.manager->build_progress(kApp, BuildId(1), {}, at(1));
  given.manager->build_ended(kApp, success(BuildId(1)), at(2));
  CHECK(given.file().status() == BuildStatus::Success);
  CHECK_FALSE(given.file().last_build->progress);
}

TEST_CASE("a verdict is made safe against a power cut at the next opportunity, once") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  CHECK_FALSE(given.manager->deadline());
  given.manager->build_ended(kApp, success(BuildId(1)), at(2));
  CHECK(given.manager->deadline() == at(2).now);
  given.manager->set_freshness(kApp, {true, 1, 1}, at(2));
  CHECK(given.manager->deadline() == at(2).now);
  CHECK(given.unsafe.empty());
  given.manager->on_time(at(2));
  CHECK_FALSE(given.manager->deadline());
  REQUIRE(given.unsafe.size() == 1);
  CHECK(given.unsafe.front().first == given.paths.state_file(kApp));

  // The disk takes its time, and nobody waits for it.
  given.manager->build_started(kApp, {.id = BuildId(2)}, at(3));
  CHECK(given.file().status() == BuildStatus::Building);
  CHECK_FALSE(given.manager->deadline());
  given.unsafe.front().second({}, at(3000));
  CHECK_FALSE(given.manager->deadline());
  given.manager->build_ended(kApp, success(BuildId(2)), at(3001));
  given.manager->on_time(at(3001));
  CHECK(given.unsafe.size() == 2);
}

TEST_CASE(
    "a verdict that could not be made safe is written and made safe again, and status says so") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.manager->build_ended(kApp, success(BuildId(1)), at(2));
  given.manager->on_time(at(2));
  REQUIRE(given.unsafe.size() == 1);
  given.unsafe.front().second(fail(Errc::Io, "the disk is broken"), at(10));
  CHECK(given.manager->degraded() == "the disk is broken");
  REQUIRE(given.manager->deadline());
  const auto seq = given.file().seq;
  given.manager->on_time(at(5000));
  CHECK(given.file().seq == seq + 1);
  CHECK(given.manager->degraded());
  CHECK(given.unsafe.size() == 2);
  given.unsafe.back().second({}, at(5001));
  CHECK_FALSE(given.manager->degraded());
  CHECK_FALSE(given.manager->deadline());

  // Of a target that went meanwhile, nothing is to be said.
  given.manager->build_ended(kApp, success(BuildId(1)), at(5002));
  given.manager->remove(kApp);
  given.unsafe.back().second(fail(Errc::Io, "the disk is broken"), at(5003));
  CHECK_FALSE(given.manager->degraded());
}

TEST_CASE("what a reader must not miss is written at once, what only counts is not") {
  Given given;
  given.manager->set_freshness(kApp, {true, 1, 1}, at(0));
  CHECK(given.file().freshness->fresh);
  given.manager->set_freshness(kApp, {false, 2, 1}, at(1));
  CHECK_FALSE(given.file().freshness->fresh);
  given.manager->set_freshness(kApp, {false, 3, 1}, at(2));
  CHECK(given.file().freshness->dirty_clock == 2);
  given.manager->on_time(at(250));
  CHECK(given.file().freshness->dirty_clock == 3);

  given.manager->set_watch(kApp, {WatchStatus::Degraded, "at the limit", 3}, at(300));
  CHECK(given.file().watch->state == WatchStatus::Degraded);
  const auto seq = given.file().seq;
  given.manager->set_watch(kApp, {WatchStatus::Degraded, "at the limit", 4}, at(900));
  CHECK(given.file().seq == seq);
  CHECK_FALSE(given.manager->deadline());
  given.manager->set_output_path(kApp, "/p/build/app", at(901));
  CHECK(given.file().watch->clock == 4);
  CHECK(given.file().output_path == "/p/build/app");
}

TEST_CASE("what a runner does is not kept waiting by its file") {
  Given given;
  const auto seq = given.file().seq;
  CHECK_FALSE(given.manager->is_behind(kApp));
  given.manager->set_runner(kApp, {.status = RunnerStatus::Running, .pid = 1}, at(1));
  CHECK(given.file().seq == seq);
  CHECK(given.manager->is_behind(kApp));
  CHECK(given.manager->deadline() == at(1).now);
  given.manager->on_time(at(1));
  CHECK(given.file().runner->pid == 1);

  // Told of with what follows it, if that is soon.
  given.manager->set_runner(kApp, {.status = RunnerStatus::Stopping, .pid = 1}, at(10));
  CHECK(given.manager->deadline() == at(15).now);
  given.manager->on_time(at(14));
  CHECK(given.file().runner->status == RunnerStatus::Running);
  CHECK(given.manager->is_behind(kApp));
  given.manager->set_runner(kApp, {.status = RunnerStatus::Starting}, at(14));
  CHECK(given.manager->deadline() == at(14).now);
  given.manager->on_time(at(14));
  CHECK(given.file().runner->status == RunnerStatus::Starting);
  CHECK_FALSE(given.manager->is_behind(kApp));
  given.manager->set_runner(kApp, {.status = RunnerStatus::Stopping, .pid = 2}, at(20));
  given.manager->on_time(at(25));
  CHECK(given.file().runner->status == RunnerStatus::Stopping);
  CHECK(given.file().seq == seq + 3);
  CHECK_FALSE(given.manager->deadline());
}

TEST_CASE("what cannot be written is behind and nobody waits for it") {
  Given given;
  std::filesystem::remove_all(given.paths.state_dir());
  std::ofstream(given.paths.state_dir()).close();
  given.manager->set_runner(kApp, {.status = RunnerStatus::Running, .pid = 1}, at(1));
  CHECK(given.manager->is_behind(kApp));
  given.manager->on_time(at(1));
  CHECK(given.manager->degraded());
  CHECK_FALSE(given.manager->is_behind(kApp));
  CHECK_FALSE(given.manager->is_behind(TargetId("nobody")));
}

TEST_CASE("saying the same twice writes once") {
  Given given;
  const RunnerState runner{.status = RunnerStatus::Running, .pid = 1};
  CHECK(given.manager->set_runner(kApp, runner, at(0)));
  given.manager->on_time(at(0));
  const auto seq = given.file().seq;
  CHECK_FALSE(given.manager->set_runner(kApp, runner, at(300)));
  given.manager->set_hook(kApp, {.name = "tests"}, at(300));
  CHECK_FALSE(given.manager->set_hook(kApp, {.name = "tests"}, at(600)));
  CHECK(given.file().seq == seq + 1);
}

TEST_CASE("without changes nothing is ever due, unless a heartbeat is wanted") {
  Given given;
  CHECK_FALSE(given.manager->deadline());
  given.manager.emplace(given.paths, kStart, given.make_safe(), Seconds(10));
  given.manager->add(given.identity("app"), at(0));
  CHECK(given.manager->deadline() == at(10'000).now);
  given.manager->on_time(at(10'000));
  CHECK(given.file().process.last_heartbeat == at(10'000).wall);
  CHECK(given.manager->deadline() == at(20'000).now);
}

TEST_CASE("listeners hear each status of a build after it was written") {
  Given given;
  std::vector<std::string> heard;
  auto subscription = given.manager->on_status([&](const TargetId& target, const LastBuild& build) {
    CHECK(given.file().status() == build.status);
    heard.push_back(target.value() + " " + std::string(name_in(kBuildStatuses, build.status)));
  });
  const auto bad = given.manager->on_status(
      [](const TargetId&, const LastBuild&) { throw std::runtime_error("mine"); });
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.manager->build_progress(kApp, BuildId(1), {}, at(1));
  given.manager->build_ended(kApp, success(BuildId(1)), at(2));
  given.manager->build_ended(kApp, success(BuildId(1)), at(3));
  CHECK(heard == std::vector<std::string>{"app building", "app success"});
  subscription.reset();
  given.manager->build_started(kApp, {.id = BuildId(2)}, at(4));
  CHECK(heard.size() == 2);
}

TEST_CASE("a listener may remove the target that it hears of") {
  Given given;
  const auto subscription = given.manager->on_status(
      [&](const TargetId& target, const LastBuild&) { given.manager->remove(target); });
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  CHECK(given.manager->find(kApp) == nullptr);
}

TEST_CASE("history survives a restart of the daemon") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(7)}, at(0));
  given.manager->build_ended(kApp, {.id = BuildId(7), .exit_code = 2, .error = "no"}, at(1));
  given.manager->set_hook(kApp, {.name = "tests", .status = HookStatus::Success}, at(2));
  given.manager->close(at(3));
  const auto seq = given.file().seq;
  given.restart(at(60'000));
  const auto state = given.file();
  CHECK(state.status() == BuildStatus::Failure);
  CHECK(state.last_build->error == "no");
  CHECK(state.last_build_error);
  CHECK(state.stats.count == 1);
  CHECK(state.hooks.contains("tests"));
  CHECK(state.process.start_time == at(60'000).wall);
  CHECK(state.seq > seq);
  CHECK(given.manager->highest_build() == BuildId(7));
}

TEST_CASE("a build that the daemon died in is a failure after the restart") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.restart(at(1000));  // without close(): it was killed
  CHECK(given.file().status() == BuildStatus::Failure);
  CHECK(given.file().last_build->error == "the daemon died during this build");
}

TEST_CASE("a torn, newer or foreign old file is replaced by what is so") {
  Given given;
  const auto file = given.paths.state_file(kApp);
  SECTION("torn") {
    given.dir.write("state/" + file.filename().string(), "{\"version\": \"1.");
  }
  SECTION("newer") {
    given.dir.write("state/" + file.filename().string(),
                    R"({"version": "2.0", "projectPath": "/p", "target": "app"})");
  }
  SECTION("of another project with the same hash") {
    auto state = given.file();
    state.identity.project_root = "/elsewhere";
    state.stats.count = 99;
    given.dir.write("state/" + file.filename().string(), state_text(state));
  }
  SECTION("a link") {
    const auto victim = given.dir.write("victim", "precious");
    fs::remove(file);
    fs::create_symlink(victim, file);
  }
  given.restart(at(0));
  CHECK(given.file().identity == given.identity("app"));
  CHECK(given.file().stats.count == 0);
  CHECK(fs::is_regular_file(fs::symlink_status(file)));
  if (fs::exists(given.dir / "victim")) CHECK(given.dir.read("victim") == "precious");
}

TEST_CASE("a reload that changes what a target is changes its file") {
  Given given;
  auto changed = given.identity("app");
  changed.type = "library";
  given.manager->add(changed, at(1));
  CHECK(given.file().identity.type == "library");
  const auto seq = given.file().seq;
  given.manager->add(changed, at(2));
  CHECK(given.file().seq == seq);
}

TEST_CASE("a removed target leaves no state file, and nothing brings it back") {
  Given given;
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.manager->remove(kApp);
  CHECK_FALSE(fs::exists(given.paths.state_file(kApp)));
  CHECK_FALSE(given.manager->build_ended(kApp, success(BuildId(1)), at(1)));
  given.manager->on_time(at(1000));
  CHECK_FALSE(fs::exists(given.paths.state_file(kApp)));
  CHECK(given.manager->targets().empty());
}

TEST_CASE("state files of targets that are no more go, those of others stay") {
  Given given;
  given.manager->add(given.identity("old"), at(0));
  given.restart(at(1));
  const auto decoy =
      given.dir.write("state/" + given.paths.key() + "-decoy.state", "not one of ours");
  given.manager->remove_unknown();
  CHECK(fs::exists(given.paths.state_file(kApp)));
  CHECK_FALSE(fs::exists(given.paths.state_file(TargetId("old"))));
  CHECK(fs::exists(decoy));
}

TEST_CASE("a closed state says that nobody serves it, and stays so") {
  Given given;
  given.manager->close(at(1));
  CHECK_FALSE(given.file().process.is_active);
  CHECK_FALSE(given.manager->build_started(kApp, {.id = BuildId(1)}, at(2)));
  given.manager->on_time(at(5000));
  CHECK_FALSE(given.file().process.is_active);
  CHECK_FALSE(given.manager->deadline());
}

TEST_CASE("a disk that takes nothing keeps the old file; the truth follows when it does again") {
  Given given;
  const auto old = given.file();
  // Whoever runs the test, root as well: no file may grow beyond a few bytes.
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit none{16, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  given.manager->build_ended(kApp, success(BuildId(1)), at(1));
  ::setrlimit(RLIMIT_FSIZE, &before);

  CHECK(given.file() == old);
  CHECK(given.manager->find(kApp)->status() == BuildStatus::Success);
  REQUIRE(given.manager->degraded());
  CHECK_THAT(*given.manager->degraded(), Catch::Contains("too large"));
  REQUIRE(given.manager->deadline());
  CHECK(*given.manager->deadline() <= at(5001).now);
  given.manager->on_time({*given.manager->deadline(), kStart});
  CHECK_FALSE(given.manager->degraded());
  CHECK(given.file().status() == BuildStatus::Success);
  for (const auto& entry : fs::directory_iterator(given.dir / "state")) {
    CHECK(entry.path().extension() != ".tmp");
  }
}

TEST_CASE("a state directory that went away is degraded, not the end") {
  Given given;
  fs::rename(given.dir / "state", given.dir / "away");
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(0));
  CHECK(given.manager->degraded());
  fs::rename(given.dir / "away", given.dir / "state");
  given.manager->on_time(at(5000));
  CHECK_FALSE(given.manager->degraded());
  CHECK(given.file().status() == BuildStatus::Building);
}

TEST_CASE("trouble with one target is not forgotten because another was written") {
  Given given;
  given.manager->add(given.identity("lib"), at(0));
  // A directory cannot be replaced by a file: only this one fails.
  fs::remove(given.paths.state_file(kApp));
  fs::create_directories(given.paths.state_file(kApp) / "in the way");
  given.manager->build_started(kApp, {.id = BuildId(1)}, at(1));
  given.manager->build_started(TargetId("lib"), {.id = BuildId(2)}, at(2));
  CHECK(given.manager->degraded());
  fs::remove_all(given.paths.state_file(kApp));
  given.manager->on_time(at(3000));
  CHECK_FALSE(given.manager->degraded());
}
