// SPDX-License-Identifier: MIT
#include "state/history.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "state/database.h"
#include "state/other_program.h"
#include "state/project_database.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
using Other = test::OtherProgram;
namespace fs = std::filesystem;

namespace {

const TargetId kApp("app");
const WallTime kStart = *from_iso8601("2026-01-31T12:00:00.000Z");

BuildEntry entry(std::uint64_t id, BuildVerdict verdict = BuildVerdict::Success) {
  return {.id = BuildId(id),
          .target = kApp,
          .started_at = kStart + Milliseconds(id),
          .duration = Milliseconds(77),
          .verdict = verdict,
          .exit_code = verdict == BuildVerdict::Success ? 0 : 2,
          .git_hash = "abc",
          .trigger = {"a.c", "b \"c\".c"},
          .fingerprint = "f" + std::to_string(id),
          .output_fingerprint = "o" + std::to_string(id),
          .reason = "a.c changed"};
}

History opened(const test::TempDir& root) {
  auto history = History::open(root.path());
  if (!history) FAIL(history.error().message);
  return std::move(*history);
}

}  // namespace

TEST_CASE("the history of a project lies in it, private and hidden from git") {
  const test::TempDir root;
  const auto history = opened(root);
  CHECK(root.read(".poltergeist/.gitignore") == "*\n");
  for (const auto* file : {".poltergeist/history.db", ".poltergeist/history.db-wal"}) {
    struct stat status {};
    REQUIRE(::stat((root / file).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
  }
}

TEST_CASE("a build is remembered whole, over restarts") {
  const test::TempDir root;
  auto killed = entry(2, BuildVerdict::Failure);
  killed.exit_code.reset();
  killed.signal = 9;
  {
    auto history = opened(root);
    REQUIRE(history.record(entry(1)));
    REQUIRE(history.record(killed));
  }
  auto history = opened(root);
  CHECK(*history.recent(kApp, 10) == std::vector<BuildEntry>{killed, entry(1)});
  CHECK(history.recent(kApp, 1)->size() == 1);
  CHECK(history.recent(TargetId("lib"), 10)->empty());
  CHECK(history.recent(TargetId(), 10)->size() == 2);
}

TEST_CASE("the last success is the newest one, whatever failed or was cancelled after it") {
  const test::TempDir root;
  auto history = opened(root);
  CHECK(*history.last_success(kApp) == std::nullopt);
  REQUIRE(history.record(entry(1)));
  REQUIRE(history.record(entry(2)));
  REQUIRE(history.record(entry(3, BuildVerdict::Failure)));
  REQUIRE(history.record(entry(4, BuildVerdict::Cancelled)));
  CHECK(*history.last_success(kApp) == LastSuccess{BuildId(2), "f2", "o2"});
}

TEST_CASE("numbers of builds only ever go up") {
  const test::TempDir root;
  {
    auto history = opened(root);
    CHECK(*history.next_build_id() == BuildId(1));
    CHECK(*history.next_build_id() == BuildId(2));
  }
  auto history = opened(root);
  CHECK(*history.next_build_id() == BuildId(3));
  REQUIRE(history.record(entry(10)));
  CHECK(*history.next_build_id() == BuildId(11));
}

TEST_CASE("what a build read may be known by another fingerprint later") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  REQUIRE(history.record(entry(2)));
  REQUIRE(history.set_fingerprint(BuildId(2), "touched"));
  CHECK(*history.last_success(kApp) == LastSuccess{BuildId(2), "touched", "o2"});
  CHECK(history.recent(kApp, 2)->back().fingerprint == "f1");
  CHECK(history.set_fingerprint(BuildId(9), "of none"));
}

TEST_CASE("a thousand builds of a target are kept, and its last success in any case") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  for (std::uint64_t id = 2; id <= 1010; ++id) {
    REQUIRE(history.record(entry(id, BuildVerdict::Failure)));
  }
  auto builds = *history.recent(kApp, 5000);
  CHECK(builds.size() == 1001);
  CHECK(builds.back().id == BuildId(1));
  CHECK(builds[999].id == BuildId(11));
  REQUIRE(history.record(entry(1011)));
  CHECK(history.recent(kApp, 5000)->back().id == BuildId(12));
}

TEST_CASE("another program that holds the database costs a moment and no build") {
  const test::TempDir root;
  auto history = opened(root);
  {
    Other other(root);
    other.execute("BEGIN EXCLUSIVE");
    for (std::uint64_t id = 1; id <= 5; ++id) {
      const auto recorded = history.record(entry(id));
      REQUIRE_FALSE(recorded);
      CHECK(recorded.error().code == Errc::Busy);
    }
    other.execute("COMMIT");
  }
  REQUIRE(history.flush());
  CHECK(history.recent(kApp, 10)->size() == 5);
}

TEST_CASE("a reader in the middle of its reading stops no writer") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  Other other(root);
  other.execute("BEGIN; SELECT count(*) FROM builds");
  for (std::uint64_t id = 2; id <= 200; ++id) REQUIRE(history.record(entry(id)));
  other.execute("COMMIT");
  CHECK(history.recent(kApp, 500)->size() == 200);
}

TEST_CASE("what is no database is set aside and a new one begun") {
  const test::TempDir root;
  SECTION("garbage") {
    root.write(".poltergeist/history.db", std::string(8192, 'x'));
  }
  SECTION("a database of something else with our number") {
    root.write(".poltergeist/history.db", "");
    Other(root).execute("CREATE TABLE other(a); PRAGMA user_version = 1");
  }
  SECTION("a damaged page") {
    {
      auto history = opened(root);
      REQUIRE(history.record(entry(1)));
    }
    const auto file = root / ".poltergeist/history.db";
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(100);  // the schema itself
    stream << std::string(3000, 'x');
  }
  auto history = opened(root);
  CHECK(history.recent(kApp, 10)->empty());
  REQUIRE(history.record(entry(1)));
  CHECK(history.recent(kApp, 10)->size() == 1);
  CHECK(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("damage from a kill is found at the start, not when it is too late") {
  const test::TempDir root;
  {
    auto history = opened(root);
    for (std::uint64_t id = 1; id <= 500; ++id) REQUIRE(history.record(entry(id)));
    fs::copy(root / ".poltergeist", root / "copy");
  }
  fs::remove_all(root / ".poltergeist");
  fs::rename(root / "copy", root / ".poltergeist");
  REQUIRE(fs::file_size(root / ".poltergeist/history.db-wal") > 0);
  std::fstream stream(root / ".poltergeist/history.db",
                      std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(4 * 4096);  // pages of old builds, which nothing that opens the database reads
  stream << std::string(6 * 4096, 'x');
  stream.close();
  auto history = opened(root);
  CHECK(fs::exists(root / ".poltergeist/history.db.corrupt"));
  CHECK(history.recent(kApp, 1000)->empty());
}

TEST_CASE("a history that is removed while it is open begins anew where it was") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  fs::remove_all(root / ".poltergeist");
  REQUIRE(history.record(entry(2)));
  CHECK(fs::exists(root / ".poltergeist/history.db"));
  CHECK(*history.recent(kApp, 10) == std::vector<BuildEntry>{entry(2)});
}

TEST_CASE("a history that is spoilt while it is open is set aside and begins anew") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  Other(root).execute("DROP TABLE builds");
  REQUIRE(history.record(entry(2)));
  CHECK(*history.recent(kApp, 10) == std::vector<BuildEntry>{entry(2)});
  CHECK(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a history of a newer version is left as it is, with a word about it") {
  const test::TempDir root;
  opened(root);
  const auto newer = fmt::format("PRAGMA user_version = {}", ProjectDatabase::kVersion + 1);
  Other(root).execute(newer.c_str());
  CHECK(recorded_timings(root.path(), kApp, 1).error().code == Errc::Unavailable);
  const auto history = History::open(root.path());
  REQUIRE_FALSE(history);
  CHECK(history.error().code == Errc::Unavailable);
  CHECK_THAT(history.error().message, Catch::Contains("newer") && Catch::Contains("history.db"));
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("another name of a file is no database and no log of one") {
  const test::TempDir root;
  {
    auto history = opened(root);
    REQUIRE(history.record(entry(1)));
  }
  const std::string precious(100'000, 'p');
  const auto victim = root.write("victim", precious);
  const auto* ending = GENERATE("", "-wal", "-shm", "-journal");
  const auto name = root / (std::string(".poltergeist/history.db") + ending);
  fs::remove(name);
  fs::create_hard_link(victim, name);
  const auto history = History::open(root.path());
  REQUIRE_FALSE(history);
  CHECK(history.error().code == Errc::Denied);
  CHECK_THAT(history.error().message, Catch::Contains(name.string()));
  CHECK(root.read("victim") == precious);
}

TEST_CASE("a history never follows a link that a repository brought along") {
  const test::TempDir root;
  const test::TempDir elsewhere;
  SECTION("for the directory") {
    fs::create_directory_symlink(elsewhere.path(), root / ".poltergeist");
  }
  SECTION("for the file") {
    fs::create_directory(root / ".poltergeist");
    fs::create_symlink(elsewhere / "victim", root / ".poltergeist/history.db");
  }
  SECTION("for what belongs to the file") {
    opened(root);
    elsewhere.write("victim", "precious");
    fs::create_symlink(elsewhere / "victim", root / ".poltergeist/history.db-journal");
    static_cast<void>(History::open(root.path()));
    CHECK(elsewhere.read("victim") == "precious");
    return;
  }
  const auto history = History::open(root.path());
  CHECK_FALSE(history);
  CHECK(fs::is_empty(elsewhere.path()));
}

TEST_CASE("a project that cannot be written has no history, with the reason") {
  const test::TempDir root;
  root.write(".poltergeist", "a file in the way");
  const auto history = History::open(root.path());
  REQUIRE_FALSE(history);
  CHECK(history.error().code == Errc::Denied);
  CHECK_THAT(history.error().message, Catch::Contains(".poltergeist"));
}

TEST_CASE("a project that is read-only for its user has no history") {
  const test::TempDir root;
  if (::geteuid() == 0) {
    // Root may write anywhere: a child that is nobody looks at it instead.
    fs::permissions(root.path(), fs::perms(0755));
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(2);
      const auto history = History::open(root.path());
      ::_exit(!history && history.error().code == Errc::Denied ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 0);
    return;
  }
  fs::permissions(root.path(), fs::perms(0500));
  const auto history = History::open(root.path());
  fs::permissions(root.path(), fs::perms(0700));
  REQUIRE_FALSE(history);
  CHECK(history.error().code == Errc::Denied);
}

TEST_CASE("a full disk is an error, and the build is written when there is room again") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(entry(1)));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit none{64, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
  const auto recorded = history.record(entry(2));
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK_FALSE(recorded);
  REQUIRE(history.flush());
  CHECK(history.recent(kApp, 10)->size() == 2);
}

TEST_CASE("no damage to the files of a history stops a daemon from starting") {
  std::mt19937 random(20260131);
  for (int round = 0; round < 100; ++round) {
    const test::TempDir root(test::memory_directory());
    {
      auto history = opened(root);
      for (std::uint64_t id = 1; id <= 20; ++id) REQUIRE(history.record(entry(id)));
      const fs::path directory = root / ".poltergeist";
      fs::copy(directory, root / "copy", fs::copy_options::recursive);
    }
    fs::remove_all(root / ".poltergeist");
    fs::rename(root / "copy", root / ".poltergeist");  // as a kill would leave it: with its -wal
    const auto* name = std::array{"history.db", "history.db-wal", "history.db-shm"}[random() % 3];
    const auto file = root / ".poltergeist" / name;
    const auto size = fs::file_size(file);
    if (random() % 3 == 0) {
      fs::resize_file(file, random() % (size + 1));
    } else {
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      for (int i = 0; i < 20 && size > 0; ++i) {
        stream.seekp(static_cast<std::streamoff>(random() % size));
        stream.put(static_cast<char>(random()));
      }
    }
    auto history = History::open(root.path());
    INFO("round " << round << ": " << (history ? "" : history.error().message));
    REQUIRE(history);
    CHECK(history->recent(kApp, 10));
    CHECK(history->record(entry(100)));
    CHECK(history->last_success(kApp));
  }
}

TEST_CASE("a history is small in memory") {
  const test::TempDir root;
  const auto before = ::sqlite3_memory_used();
  auto history = opened(root);
  for (std::uint64_t id = 1; id <= 500; ++id) {
    auto build = entry(id);
    build.reason = std::string(4000, 'r');
    REQUIRE(history.record(build));
  }
  REQUIRE(history.recent(kApp, 20));
  REQUIRE(history.last_success(kApp));
  CHECK(::sqlite3_memory_used() - before < 300'000);
}

// ---- Ledgers

namespace {

Timing timing(std::uint64_t ms) {
  StageClock clock(Stage::Event, Instant{}, kStart);
  clock.reached(Stage::Spawned, Instant{} + Milliseconds(ms));
  return clock.timing();
}

BuildEntry timed(std::uint64_t id, BuildVerdict verdict = BuildVerdict::Success) {
  auto build = entry(id, verdict);
  build.timing = timing(id);
  return build;
}

// A database as the version of that number left it: the builds 1 to 3 of app, the last one failed.
void bring_old(const test::TempDir& root, int version) {
  fs::create_directory(root / ".poltergeist");
  fs::copy_file(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/state/old" /
                    ("history-" + std::to_string(version) + ".db"),
                root / ".poltergeist/history.db");
}

}  // namespace

TEST_CASE("the ledgers of the last builds are remembered over restarts, newest first") {
  const test::TempDir root;
  {
    auto history = opened(root);
    for (std::uint64_t id = 1; id <= 5; ++id) REQUIRE(history.record(timed(id)));
  }
  auto history = opened(root);
  CHECK(history.recent(kApp, 1)->front() == timed(5));
  CHECK(*history.timings(kApp, 2) == std::vector<Timing>{timing(5), timing(4)});
  CHECK(*recorded_timings(root.path(), kApp, 2) == std::vector<Timing>{timing(5), timing(4)});
  CHECK(history.timings(TargetId("lib"), 2)->empty());
}

TEST_CASE("builds that were cancelled, or have no ledger, are not among them") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(timed(1)));
  REQUIRE(history.record(timed(2, BuildVerdict::Failure)));
  REQUIRE(history.record(timed(3, BuildVerdict::Cancelled)));
  REQUIRE(history.record(entry(4)));
  CHECK(*history.timings(kApp, 10) == std::vector<Timing>{timing(2), timing(1)});
}

TEST_CASE("a build that is recorded again is amended") {
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(timed(1)));
  auto amended = timed(1);
  amended.timing = timing(77);
  REQUIRE(history.record(amended));
  CHECK(*history.recent(kApp, 10) == std::vector<BuildEntry>{amended});
}

TEST_CASE("an amendment that finds the database busy is written later, after what it amends") {
  const test::TempDir root;
  auto history = opened(root);
  auto amended = timed(1);
  amended.timing = timing(77);
  {
    Other other(root);
    other.execute("BEGIN IMMEDIATE");
    CHECK(history.record(timed(1)).error().code == Errc::Busy);
    CHECK(history.record(amended).error().code == Errc::Busy);
  }
  CHECK(*history.timings(kApp, 10) == std::vector<Timing>{timing(77)});
}

TEST_CASE("a history of before the ledgers is taken over with all its builds") {
  const test::TempDir root;
  bring_old(root, 1);
  CHECK(recorded_timings(root.path(), kApp, 10)->empty());
  auto history = opened(root);
  CHECK(*history.recent(kApp, 10) ==
        std::vector<BuildEntry>{entry(3, BuildVerdict::Failure), entry(2), entry(1)});
  CHECK(*history.last_success(kApp) == LastSuccess{BuildId(2), "f2", "o2"});
  CHECK(*history.next_build_id() == BuildId(4));
  REQUIRE(history.record(timed(4)));
  CHECK(*history.timings(kApp, 10) == std::vector<Timing>{timing(4)});
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a history of before the executions is taken over with all its builds and ledgers") {
  const test::TempDir root;
  bring_old(root, 2);
  CHECK(recorded_timings(root.path(), kApp, 10)->size() == 3);
  auto history = opened(root);
  CHECK(*history.recent(kApp, 10) ==
        std::vector<BuildEntry>{timed(3, BuildVerdict::Failure), timed(2), timed(1)});
  CHECK(*history.next_build_id() == BuildId(4));
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a ledger that somebody spoilt in the history is dropped, not its build") {
  const test::TempDir root;
  auto history = opened(root);
  for (std::uint64_t id = 1; id <= 4; ++id) REQUIRE(history.record(timed(id)));
  Other(root).execute(
      "UPDATE builds SET timing = 'x' WHERE id = 1; UPDATE builds SET timing = '{}' WHERE id = 2;"
      "UPDATE builds SET timing = CAST(x'00ff' AS TEXT) WHERE id = 3;");
  CHECK(*history.timings(kApp, 10) == std::vector<Timing>{timing(4)});
  auto without = timed(1);
  without.timing.reset();
  CHECK(history.recent(kApp, 10)->back() == without);
}

TEST_CASE("whoever only reads the history creates none and mends none") {
  const test::TempDir root;
  CHECK(recorded_timings(root.path(), kApp, 10).error().code == Errc::NotFound);
  CHECK_FALSE(fs::exists(root / ".poltergeist"));
  root.write(".poltergeist/history.db", std::string(8192, 'x'));
  CHECK_FALSE(recorded_timings(root.path(), kApp, 10));
  CHECK(root.read(".poltergeist/history.db") == std::string(8192, 'x'));
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a ledger takes no more than two hundred bytes of a build") {
  StageClock clock(Stage::Event, Instant{}, kStart);
  for (const auto& [stage, name] : kStages) {
    clock.reached(stage,
                  Instant{} + Microseconds(3'599'999'999) + Microseconds(static_cast<int>(stage)));
  }
  auto build = entry(1);
  build.timing = clock.timing();
  const test::TempDir root;
  auto history = opened(root);
  REQUIRE(history.record(build));
  auto database = Database::open_to_read(root / ".poltergeist/history.db");
  REQUIRE(database);
  CHECK(*(*database)->whole("SELECT length(timing) FROM builds") <= 200);
}
