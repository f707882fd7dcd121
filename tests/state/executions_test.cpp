// SPDX-License-Identifier: MIT
#include "state/executions.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "state/event.h"
#include "state/history.h"
#include "state/other_program.h"
#include "state/project_database.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
using Other = test::OtherProgram;
using Numbers = std::vector<std::uint64_t>;
namespace fs = std::filesystem;

namespace {

const WallTime kStart = *from_iso8601("2026-01-31T12:00:00.000Z");

Executions opened(const test::TempDir& root) {
  auto executions = Executions::open(root.path());
  if (!executions) FAIL(executions.error().message);
  return std::move(*executions);
}

ExecutionEntry queued(const std::string& task = "notify") {
  return {.task = TaskId(task),
          .queue = "default",
          .input = R"({"to":"me"})",
          .trigger = "exec",
          .queued_at = kStart};
}

ExecutionEntry settled(ExecutionEntry entry, ExecutionOutcome outcome = ExecutionOutcome::Success) {
  entry.status = ExecutionStatus::Settled;
  entry.attempt = 1;
  entry.ended_at = kStart + Milliseconds(5);
  entry.outcome = outcome;
  entry.result = R"({"outcome":"success"})";
  return entry;
}

// Written down, with its number.
ExecutionEntry added(Executions& executions, ExecutionEntry entry) {
  const auto id = executions.next();
  if (!id) FAIL(id.error().message);
  entry.id = *id;
  if (const auto written = executions.update(entry); !written) FAIL(written.error().message);
  return entry;
}

Numbers numbers_of(const Result<std::vector<ExecutionEntry>>& entries) {
  if (!entries) FAIL(entries.error().message);
  Numbers numbers;
  for (const auto& entry : *entries) numbers.push_back(entry.id.value());
  return numbers;
}

}  // namespace

TEST_CASE("an execution is remembered whole, over restarts") {
  const test::TempDir root;
  auto entry = queued();
  entry.input = "{\"a\":\"\xC3\xBC \\u0000 \\\"\"}";
  entry.input_withheld = true;
  entry.max_retries = 0;
  entry.timeout = std::chrono::hours(24 * 365);
  entry.trigger = "hook:app";
  {
    auto executions = opened(root);
    entry = added(executions, entry);
    CHECK(*executions.find(entry.id) == entry);
    entry.status = ExecutionStatus::Waiting;
    entry.attempt = 2;
    entry.started_at = kStart + Milliseconds(1);
    entry.retry_at = kStart + Milliseconds(2000);
    REQUIRE(executions.update(entry));
  }
  {
    auto executions = opened(root);
    CHECK(*executions.find(entry.id) == entry);
    entry.retry_at.reset();
    entry = settled(entry, ExecutionOutcome::RetriesExhausted);
    entry.failure_kind = FailureKind::BadOutput;
    REQUIRE(executions.update(entry));
  }
  auto executions = opened(root);
  CHECK(*executions.find(entry.id) == entry);
  CHECK(*executions.recent(10) == std::vector{entry});
}

TEST_CASE("every status, outcome and kind of failure comes back as it went in") {
  const test::TempDir root;
  auto executions = opened(root);
  for (const auto& [status, name] : kExecutionStatuses) {
    auto entry = added(executions, queued());
    entry.status = status;
    if (status == ExecutionStatus::Settled) entry.ended_at = kStart;
    REQUIRE(executions.update(entry));
    CHECK(*executions.find(entry.id) == entry);
  }
  for (const auto& [outcome, name] : kExecutionOutcomes) {
    for (const auto& [kind, kind_name] : kFailureKinds) {
      auto entry = settled(added(executions, queued()), outcome);
      entry.failure_kind = kind;
      REQUIRE(executions.update(entry));
      CHECK(*executions.find(entry.id) == entry);
    }
  }
}

TEST_CASE("an execution that nobody knows is nothing") {
  const test::TempDir root;
  auto executions = opened(root);
  CHECK(*executions.find(ExecutionId(17)) == std::nullopt);
  CHECK(executions.recent(10)->empty());
  CHECK(executions.unsettled()->empty());
}

TEST_CASE("numbers of executions only ever go up, over restarts and over what is forgotten") {
  const test::TempDir root;
  {
    auto executions = opened(root);
    CHECK(added(executions, queued()).id == ExecutionId(1));
    CHECK(added(executions, queued()).id == ExecutionId(2));
  }
  Other(root).execute("DELETE FROM executions");
  auto executions = opened(root);
  CHECK(added(executions, queued()).id == ExecutionId(3));
}

TEST_CASE("a number never comes twice, also when the file is lost while it is open") {
  const test::TempDir root;
  auto executions = opened(root);
  for (std::uint64_t id = 1; id <= 5; ++id)
    CHECK(added(executions, queued()).id == ExecutionId(id));
  SECTION("it is removed") {
    fs::remove_all(root / ".poltergeist");
  }
  SECTION("it is spoilt") {
    Other(root).execute("DROP TABLE executions");
  }
  CHECK(added(executions, queued()).id == ExecutionId(6));
  CHECK(added(executions, queued()).id == ExecutionId(7));
}

TEST_CASE("an execution whose file was lost is there again with its next update") {
  const test::TempDir root;
  auto executions = opened(root);
  auto entry = added(executions, queued());
  fs::remove_all(root / ".poltergeist");
  entry = settled(entry);
  REQUIRE(executions.update(entry));
  CHECK(*executions.find(entry.id) == entry);
  CHECK(added(executions, queued()).id == ExecutionId(2));
}

TEST_CASE("what is settled stays as it is") {
  const test::TempDir root;
  auto executions = opened(root);
  const auto end = settled(added(executions, queued()));
  REQUIRE(executions.update(end));
  for (const auto& [status, name] : kExecutionStatuses) {
    auto late = end;
    late.status = status;
    late.outcome = ExecutionOutcome::Cancelled;
    const auto updated = executions.update(late);
    REQUIRE_FALSE(updated);
    CHECK(updated.error().code == Errc::Invalid);
    CHECK(updated.error().message == "execution 1 is settled");
    CHECK(*executions.find(end.id) == end);
  }
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("an entry without a number cannot be updated") {
  const test::TempDir root;
  auto executions = opened(root);
  CHECK(executions.update(queued()).error().code == Errc::Invalid);
  CHECK(executions.recent(10)->empty());
}

TEST_CASE("the last ones come newest first, of a task, of a status, or of both") {
  const test::TempDir root;
  auto executions = opened(root);
  for (const auto* task : {"a", "b", "a", "b", "a"}) added(executions, queued(task));
  for (const std::uint64_t id : {1U, 2U}) {
    auto entry = **executions.find(ExecutionId(id));
    REQUIRE(executions.update(settled(entry)));
  }
  const auto recent = [&](const ExecutionFilter& filter) {
    return numbers_of(executions.recent(10, filter));
  };
  CHECK(recent({}) == Numbers{5, 4, 3, 2, 1});
  CHECK(recent({.task = TaskId("a")}) == Numbers{5, 3, 1});
  CHECK(recent({.status = ExecutionStatus::Settled}) == Numbers{2, 1});
  CHECK(recent({.status = ExecutionStatus::Queued}) == Numbers{5, 4, 3});
  CHECK(recent({.status = ExecutionStatus::Running}).empty());
  CHECK(recent({.task = TaskId("a"), .status = ExecutionStatus::Queued}) == Numbers{5, 3});
  CHECK(recent({.task = TaskId("b"), .status = ExecutionStatus::Settled}) == Numbers{2});
  CHECK(numbers_of(executions.recent(2)) == Numbers{5, 4});
  CHECK(numbers_of(executions.recent(0)).empty());
  CHECK(numbers_of(executions.recent(-1)).empty());
}

TEST_CASE("what is to go on comes oldest first, and nothing that is settled") {
  const test::TempDir root;
  auto executions = opened(root);
  for (int i = 0; i < 5; ++i) added(executions, queued());
  auto second = **executions.find(ExecutionId(2));
  REQUIRE(executions.update(settled(second)));
  auto third = **executions.find(ExecutionId(3));
  third.status = ExecutionStatus::Running;
  REQUIRE(executions.update(third));
  CHECK(numbers_of(executions.unsettled()) == Numbers{1, 3, 4, 5});
}

// ---- What is forgotten

namespace {

// As if so many had settled long ago that those that ended first are forgotten with the next.
void bring_to_limit(const test::TempDir& root) {
  constexpr auto kOneLess = Executions::kKept + Executions::kForgottenAtOnce - 1;
  Other(root).execute(
      fmt::format("UPDATE counters SET value = {} WHERE name = 'settled'", kOneLess).c_str());
}

}  // namespace

TEST_CASE("the last ten thousand settled executions are kept, and all that are not settled") {
  const test::TempDir root(test::memory_directory());
  auto executions = opened(root);
  added(executions, queued());  // the oldest, and waiting
  constexpr auto kMore = Executions::kForgottenAtOnce;
  for (int i = 0; i < Executions::kKept + kMore + 3; ++i) {
    REQUIRE(executions.update(settled(added(executions, queued()))));
  }
  const auto all = numbers_of(executions.recent(20'000));
  CHECK(all.size() == Executions::kKept + 4);
  CHECK(all.front() == Executions::kKept + kMore + 4);
  CHECK(all[all.size() - 2] == kMore + 2);
  CHECK(all.back() == 1);
}

TEST_CASE("what ended first is forgotten first, however late it began") {
  const test::TempDir root;
  auto executions = opened(root);
  const auto long_one = added(executions, queued());
  for (int i = 0; i < Executions::kForgottenAtOnce + 1; ++i) {
    REQUIRE(executions.update(settled(added(executions, queued()))));
  }
  bring_to_limit(root);
  auto end = settled(long_one);
  end.ended_at = kStart + std::chrono::hours(24);
  REQUIRE(executions.update(end));
  CHECK(numbers_of(executions.recent(10)) == Numbers{Executions::kForgottenAtOnce + 2, 1});
}

TEST_CASE("64 MiB of results are kept, and the last one however large it is") {
  const test::TempDir root(test::memory_directory());
  auto executions = opened(root);
  const auto end_with = [&](std::size_t bytes) {
    auto entry = settled(added(executions, queued()));
    entry.result = std::string(bytes, 'r');
    REQUIRE(executions.update(entry));
  };
  constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
  for (int i = 0; i < 7; ++i) end_with(10 * kMebibyte);
  CHECK(numbers_of(executions.recent(10)) == Numbers{7, 6, 5, 4, 3, 2});
  end_with(70 * kMebibyte);
  CHECK(numbers_of(executions.recent(10)) == Numbers{8});
  end_with(1);
  CHECK(numbers_of(executions.recent(10)) == Numbers{9});
  end_with(1);
  CHECK(numbers_of(executions.recent(10)) == Numbers{10, 9});
}

TEST_CASE("the state of an execution is forgotten with it, and no other") {
  const test::TempDir root(test::memory_directory());
  auto executions = opened(root);
  for (int i = 0; i < Executions::kForgottenAtOnce + 1; ++i) {
    const auto entry = added(executions, queued());
    REQUIRE(executions.set_state(scope_for(entry.id), "k", "v"));
    REQUIRE(executions.update(settled(entry)));
  }
  REQUIRE(executions.set_state("target:app", "k", "v"));
  bring_to_limit(root);
  REQUIRE(executions.update(settled(added(executions, queued()))));
  CHECK(numbers_of(executions.recent(10)) == Numbers{66, 65});
  CHECK(executions.state_of("execution:1")->empty());
  CHECK(executions.state_of("execution:64")->empty());
  CHECK(executions.state_of("execution:65")->size() == 1);
  CHECK(executions.state_of("target:app")->size() == 1);
}

// ---- State

TEST_CASE("a scope remembers keys and values, over restarts") {
  const test::TempDir root;
  const std::string value = "line\n\"quoted\" \xC3\xBC and a \xFF byte";
  {
    auto executions = opened(root);
    REQUIRE(executions.set_state("execution:17", "cursor", "1"));
    REQUIRE(executions.set_state("execution:17", "cursor", "2"));
    REQUIRE(executions.set_state("execution:17", "text", value));
    REQUIRE(executions.set_state("hook:app/tell", "cursor", "3"));
    REQUIRE(executions.set_state("execution:17", "empty", ""));
  }
  auto executions = opened(root);
  using State = std::map<std::string, std::string>;
  CHECK(*executions.state_of("execution:17") ==
        State{{"cursor", "2"}, {"empty", ""}, {"text", value}});
  CHECK(*executions.state_of("hook:app/tell") == State{{"cursor", "3"}});
  CHECK(executions.state_of("execution:1")->empty());
  REQUIRE(executions.forget_state("execution:17"));
  CHECK(executions.state_of("execution:17")->empty());
  CHECK(executions.state_of("hook:app/tell")->size() == 1);
}

TEST_CASE("a scope takes 256 keys, and those may change") {
  const test::TempDir root;
  auto executions = opened(root);
  for (std::size_t i = 0; i < Executions::kMostKeys; ++i) {
    REQUIRE(executions.set_state("target:app", "k" + std::to_string(i), "1"));
  }
  const auto beyond = executions.set_state("target:app", "one more", "1");
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().code == Errc::Invalid);
  CHECK(executions.state_of("target:app")->size() == Executions::kMostKeys);
  CHECK(executions.set_state("target:app", "k7", "2"));
  CHECK(executions.state_of("target:app")->at("k7") == "2");
  CHECK(executions.set_state("target:lib", "one more", "1"));
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("a key takes 64 KiB with its value, and is never empty") {
  const test::TempDir root;
  auto executions = opened(root);
  const std::string most(Executions::kMostStateBytes - 1, 'x');
  CHECK(executions.set_state("target:app", "k", most));
  CHECK(executions.set_state("target:app", "k", most + "x").error().code == Errc::Invalid);
  CHECK(executions.state_of("target:app")->at("k") == most);
  CHECK(executions.set_state("target:app", "", "x").error().code == Errc::Invalid);
  CHECK(executions.state_of("target:app")->size() == 1);
  CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

// ---- Trouble

TEST_CASE("another program that holds the database costs a moment and no update") {
  const test::TempDir root;
  auto executions = opened(root);
  auto one = added(executions, queued());
  auto two = added(executions, queued());
  {
    Other other(root);
    other.execute("BEGIN IMMEDIATE");
    one.status = ExecutionStatus::Running;
    CHECK(executions.update(one).error().code == Errc::Busy);
    one = settled(one);
    CHECK(executions.update(one).error().code == Errc::Busy);
    two.status = ExecutionStatus::Running;
    CHECK(executions.update(two).error().code == Errc::Busy);
    CHECK(executions.set_state("target:app", "k", "v").error().code == Errc::Busy);
    auto three = queued();
    three.id = *executions.next();
    CHECK(executions.update(three).error().code == Errc::Busy);
    // What is settled is so before it is written.
    auto late = one;
    late.status = ExecutionStatus::Running;
    CHECK(executions.update(late).error().code == Errc::Invalid);
    other.execute("COMMIT");
  }
  REQUIRE(executions.flush());
  CHECK(*executions.find(one.id) == one);
  CHECK(*executions.find(two.id) == two);
  CHECK(executions.recent(10)->size() == 3);
  CHECK(added(executions, queued()).id == ExecutionId(4));
}

TEST_CASE("what could not be written is written when it is over") {
  const test::TempDir root;
  auto entry = queued();
  {
    auto executions = opened(root);
    entry = settled(added(executions, entry));
    Other other(root);
    other.execute("BEGIN IMMEDIATE");
    CHECK_FALSE(executions.update(entry));
    other.execute("COMMIT");
  }
  CHECK(*opened(root).find(entry.id) == entry);
}

TEST_CASE("a reader in the middle of its reading stops no execution") {
  const test::TempDir root;
  auto executions = opened(root);
  added(executions, queued());
  Other other(root);
  other.execute("BEGIN; SELECT count(*) FROM executions");
  for (int i = 0; i < 200; ++i) REQUIRE(executions.update(settled(added(executions, queued()))));
  other.execute("COMMIT");
  CHECK(executions.recent(500)->size() == 201);
}

TEST_CASE("executions whose file is damaged begin anew, and the file is set aside") {
  const test::TempDir root;
  SECTION("garbage") {
    root.write(".poltergeist/history.db", std::string(8192, 'x'));
  }
  SECTION("a database of something else with our number") {
    root.write(".poltergeist/history.db", "");
    Other(root).execute("CREATE TABLE executions(a); PRAGMA user_version = 4");
  }
  SECTION("one of version 2 that is none") {
    root.write(".poltergeist/history.db", "");
    Other(root).execute("CREATE TABLE executions(a); PRAGMA user_version = 2");
  }
  auto executions = opened(root);
  CHECK(executions.recent(10)->empty());
  CHECK(added(executions, queued()).id == ExecutionId(1));
  CHECK(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("executions whose tables are spoilt while they are open are set aside and begin anew") {
  const test::TempDir root;
  auto executions = opened(root);
  added(executions, queued());
  SECTION("the executions") {
    Other(root).execute("DROP TABLE executions");
    CHECK(executions.recent(10)->empty());
  }
  SECTION("their state") {
    Other(root).execute("DROP TABLE states");
    CHECK(executions.set_state("target:app", "k", "v"));
    CHECK(executions.state_of("target:app")->size() == 1);
  }
  CHECK(fs::exists(root / ".poltergeist/history.db.corrupt"));
}

TEST_CASE("an entry that somebody spoilt in the file is read as far as it makes sense") {
  const test::TempDir root;
  auto executions = opened(root);
  added(executions, queued());
  Other(root).execute(
      "UPDATE executions SET status = 'x', queued_at = 'x', ended_at = 'x', outcome = 'x',"
      " failure_kind = 'x', attempt = 99999999999, input = CAST(x'00ff' AS TEXT)");
  const auto entry = executions.find(ExecutionId(1));
  REQUIRE(entry);
  CHECK((*entry)->status == ExecutionStatus::Settled);
  CHECK((*entry)->task == TaskId("notify"));
  CHECK((*entry)->ended_at == std::nullopt);
  CHECK((*entry)->outcome == std::nullopt);
}

TEST_CASE("a project that is read-only for its user has no executions, and no crash") {
  const test::TempDir root;
  // Root may write anywhere: a child that is nobody looks at it instead.
  fs::permissions(root.path(), fs::perms(::geteuid() == 0 ? 0755 : 0500));
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(2);
    const auto executions = Executions::open(root.path());
    ::_exit(!executions && executions.error().code == Errc::Denied ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  fs::permissions(root.path(), fs::perms(0700));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a full disk is an error, and the update is written when there is room again") {
  const test::TempDir root;
  auto executions = opened(root);
  const auto entry = settled(added(executions, queued()));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit none{64, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
  auto other = queued();
  other.id = *executions.next();
  const auto refused = executions.update(other);
  const auto updated = executions.update(entry);
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK_FALSE(refused);
  CHECK_FALSE(updated);
  REQUIRE(executions.flush());
  CHECK(*executions.recent(10) == std::vector{other, entry});
}

TEST_CASE("no damage to the file stops whoever executes") {
  std::mt19937 random(20'261'122);
  for (int round = 0; round < 100; ++round) {
    const test::TempDir root(test::memory_directory());
    {
      auto executions = opened(root);
      for (int i = 0; i < 20; ++i) {
        const auto entry = added(executions, queued());
        REQUIRE(executions.set_state(scope_for(entry.id), "k", std::string(500, 'v')));
        if (i % 2 == 0) REQUIRE(executions.update(settled(entry)));
      }
      fs::copy(root / ".poltergeist", root / "copy", fs::copy_options::recursive);
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
    auto executions = Executions::open(root.path());
    INFO("round " << round << ": " << (executions ? "" : executions.error().message));
    REQUIRE(executions);
    CHECK(executions->unsettled());
    const auto id = executions->next();
    REQUIRE(id);
    auto entry = queued();
    entry.id = *id;
    CHECK(executions->update(settled(entry)));
    CHECK(executions->set_state("target:app", "k", "v"));
    CHECK(executions->recent(100));
  }
}

// ---- One file for both

TEST_CASE("builds and executions share one file and one connection") {
  const test::TempDir root;
  auto database = ProjectDatabase::open(root.path());
  REQUIRE(database);
  History history(*database);
  Executions executions(*database);
  REQUIRE(history.record({.id = BuildId(1), .target = TargetId("app")}));
  const auto entry = added(executions, queued());
  Other(root).execute("DROP TABLE executions");
  // Whoever finds the damage begins the file anew for both.
  CHECK(executions.update(settled(entry)));
  CHECK(history.recent(TargetId(), 10)->empty());
  REQUIRE(history.record({.id = BuildId(2), .target = TargetId("app")}));
  CHECK(executions.recent(10)->size() == 1);
}

TEST_CASE("a file of before the executions takes them up") {
  for (const auto* version : {"1", "2"}) {
    const test::TempDir root;
    fs::create_directory(root / ".poltergeist");
    fs::copy_file(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/state/old" /
                      (std::string("history-") + version + ".db"),
                  root / ".poltergeist/history.db");
    CHECK(recorded_executions(root.path(), 10)->empty());
    CHECK(*recorded_execution(root.path(), ExecutionId(1)) == std::nullopt);
    auto executions = opened(root);
    const auto entry = added(executions, queued());
    CHECK(entry.id == ExecutionId(1));
    REQUIRE(executions.set_state(scope_for(entry.id), "k", "v"));
    CHECK(*recorded_executions(root.path(), 10) == std::vector{entry});
    CHECK(recorded_timings(root.path(), TargetId("app"), 10)->size() ==
          (version[0] == '1' ? 0 : 3));
    CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
  }
}

// Of one that was settled, one that was executing when the daemon was killed, and one that waited.
TEST_CASE("a file of before ends told executions apart keeps them as they were") {
  const test::TempDir root;
  fs::create_directory(root / ".poltergeist");
  fs::copy_file(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/state/old/history-3.db",
                root / ".poltergeist/history.db");
  auto executions = opened(root);
  const auto all = executions.recent(10);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK(all->at(0).status == ExecutionStatus::Queued);
  CHECK(all->at(1).status == ExecutionStatus::Running);
  CHECK(all->at(2).status == ExecutionStatus::Settled);
  CHECK(*executions.unsettled() == std::vector{all->at(1), all->at(0)});
  CHECK(*executions.recent(10, {.status = ExecutionStatus::Settled}) == std::vector{all->at(2)});
  auto late = all->at(2);
  late.status = ExecutionStatus::Running;
  CHECK_FALSE(executions.update(late));
  auto end = all->at(1);
  end.status = ExecutionStatus::Settled;
  REQUIRE(executions.update(end));
  CHECK(executions.unsettled()->size() == 1);
}

TEST_CASE("whoever only reads the executions needs no lock, creates nothing and mends nothing") {
  const test::TempDir root;
  CHECK(recorded_executions(root.path(), 10).error().code == Errc::NotFound);
  CHECK(recorded_execution(root.path(), ExecutionId(1)).error().code == Errc::NotFound);
  CHECK_FALSE(fs::exists(root / ".poltergeist"));
  root.write(".poltergeist/history.db", std::string(8192, 'x'));
  CHECK_FALSE(recorded_executions(root.path(), 10));
  CHECK(root.read(".poltergeist/history.db") == std::string(8192, 'x'));
  fs::remove_all(root / ".poltergeist");

  auto executions = opened(root);
  const auto entry = added(executions, queued("a"));
  const auto other = settled(added(executions, queued("b")));
  REQUIRE(executions.update(other));
  CHECK(*recorded_executions(root.path(), 10) == std::vector{other, entry});
  CHECK(*recorded_executions(root.path(), 10, {.task = TaskId("a")}) == std::vector{entry});
  CHECK(*recorded_execution(root.path(), other.id) == other);
  CHECK(*recorded_execution(root.path(), ExecutionId(99)) == std::nullopt);
}

// ---- What it costs

TEST_CASE("executions are small in memory") {
  const test::TempDir root(test::memory_directory());
  const auto before = ::sqlite3_memory_used();
  auto executions = opened(root);
  for (int i = 0; i < 500; ++i) {
    auto entry = added(executions, queued());
    REQUIRE(executions.set_state(scope_for(entry.id), "k", "v"));
    entry = settled(entry);
    entry.result = std::string(4000, 'r');
    REQUIRE(executions.update(entry));
  }
  REQUIRE(executions.recent(20));
  REQUIRE(executions.unsettled());
  CHECK(::sqlite3_memory_used() - before < 300'000);
}
