// SPDX-License-Identifier: MIT
#include "state/journal.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "state/event_bus.h"
#include "state/executions.h"
#include "state/other_program.h"
#include "state/project_database.h"
#include "support/temp_dir.h"

using namespace poltergeist;
using namespace poltergeist::state;
using Numbers = std::vector<std::uint64_t>;
namespace fs = std::filesystem;

namespace {

const WallTime kStart = *from_iso8601("2026-01-31T12:00:00.000Z");
const TargetId kApp("app");
const std::string kScope = "target:app";

// Another program that writes to the database, for as long as this lives.
struct Held {
  explicit Held(const test::TempDir& root, const char* how = "BEGIN EXCLUSIVE") : other(root) {
    other.execute(how);
  }
  test::OtherProgram other;
};

std::shared_ptr<ProjectDatabase> database_at(const test::TempDir& root) {
  auto database = ProjectDatabase::open(root.path());
  if (!database) FAIL(database.error().message);
  return *database;
}

Journal journal_at(const test::TempDir& root) {
  return {database_at(root), kStart};
}

Event paused() {
  return {"daemon", 0, kStart, PauseChanged{true}};
}

Event said(const std::string& message = "hello") {
  return {kScope, 0, kStart, BuildLogged{kApp, BuildId(1), LogLevel::Info, message}};
}

std::uint64_t add(Journal& journal, Event event) {
  journal.add(event);
  return event.seq;
}

void fill(Journal& journal, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) add(journal, said());
  REQUIRE(journal.store({}));
}

// All that follows, in pages that never end where the memory does.
std::vector<EventRecord> rest(Journal& journal, const std::string& scope, JournalCursor cursor,
                              std::size_t page = 7) {
  std::vector<EventRecord> all;
  while (true) {
    const auto records = journal.read(scope, cursor, page);
    if (!records) FAIL(records.error().message);
    if (records->empty()) return all;
    CHECK(records->size() <= page);
    all.insert(all.end(), records->begin(), records->end());
    cursor = {all.back().position, all.back().seq};
  }
}

std::vector<EventRecord> since(Journal& journal, const std::string& scope, std::uint64_t seq) {
  const auto cursor = journal.behind(scope, seq);
  if (!cursor) FAIL(cursor.error().message);
  return rest(journal, scope, *cursor);
}

Numbers numbers_of(const std::vector<EventRecord>& records) {
  Numbers numbers;
  for (const auto& record : records) numbers.push_back(record.seq);
  return numbers;
}

Numbers counted(std::uint64_t from, std::uint64_t to) {
  Numbers numbers;
  for (auto number = from; number <= to; ++number) numbers.push_back(number);
  return numbers;
}

}  // namespace

TEST_CASE("numbers go on in their scope, over restarts") {
  const test::TempDir root;
  {
    auto journal = journal_at(root);
    CHECK(add(journal, said()) == 1);
    CHECK(add(journal, paused()) == 1);
    CHECK(add(journal, said()) == 2);
  }
  auto journal = journal_at(root);
  CHECK(journal.last_seq(kScope) == 2);
  CHECK(journal.last_seq("target:none") == 0);
  CHECK(add(journal, paused()) == 2);
  CHECK(add(journal, said()) == 3);
  REQUIRE(journal.store({}));
  CHECK(numbers_of(since(journal, kScope, 0)) == counted(1, 3));
  CHECK(numbers_of(since(journal, "daemon", 1)) == Numbers{2});
  CHECK(numbers_of(rest(journal, {}, {})) == Numbers{1, 1, 2, 2, 3});
}

TEST_CASE("an event comes back as it was told") {
  const test::TempDir root;
  const std::string message = "a \"quoted\" line\twith \xC3\xBC and \xff";
  Event event = said(message);
  {
    auto journal = journal_at(root);
    journal.add(event);
  }
  auto journal = journal_at(root);
  const auto records = since(journal, kScope, 0);
  REQUIRE(records.size() == 1);
  auto expected = record_of(event);
  expected.position = records[0].position;
  CHECK(records[0] == expected);
  const auto json = nlohmann::json::parse(to_json_text(records[0]));
  CHECK(json.at("data").at("message") == "a \"quoted\" line\twith \xC3\xBC and \xEF\xBF\xBD");
  CHECK(json.at("scope") == kScope);
  CHECK(json.at("seq") == 1);
  CHECK(json.at("type") == "build_log");
  CHECK(json.at("createdAt") == "2026-01-31T12:00:00.000Z");
}

TEST_CASE("a reader gets each later event once, wherever its cursor stands") {
  const test::TempDir root;
  auto journal = journal_at(root);
  constexpr std::uint64_t kAll = 300;  // more than are held in memory
  for (std::uint64_t i = 0; i < kAll; ++i) {
    add(journal, said());
    if (i % 3 == 0) add(journal, paused());
    if (i % 50 == 0) REQUIRE(journal.store({}));
  }
  REQUIRE(journal.store({}));
  for (std::uint64_t from = 0; from <= kAll; from += 13) {
    CHECK(numbers_of(since(journal, kScope, from)) == counted(from + 1, kAll));
  }
  const auto everything = rest(journal, {}, {});
  CHECK(everything.size() == kAll + kAll / 3);
  for (std::size_t i = 0; i < everything.size(); i += 29) {
    const JournalCursor cursor{everything[i].position, everything[i].seq};
    CHECK(rest(journal, {}, cursor).size() == everything.size() - i - 1);
  }
  CHECK(rest(journal, kScope, journal.end(kScope)).empty());
  CHECK(rest(journal, {}, journal.end({})).empty());
}

TEST_CASE("what is not written down yet is not read") {
  const test::TempDir root;
  auto journal = journal_at(root);
  add(journal, said());
  CHECK(since(journal, kScope, 0).empty());
  CHECK(journal.end(kScope).position == 0);
  CHECK(recorded_events(root.path(), kScope, 0)->empty());
  REQUIRE(journal.store({}));
  CHECK(since(journal, kScope, 0).size() == 1);
  CHECK(recorded_events(root.path(), kScope, 0)->size() == 1);
}

TEST_CASE("more can be published at once than waits in memory") {
  const test::TempDir root;
  auto journal = journal_at(root);
  constexpr auto kMany = 3 * Journal::kMostUnstored;
  for (std::size_t i = 0; i < kMany; ++i) add(journal, said());
  REQUIRE(journal.store({}));
  CHECK(numbers_of(since(journal, kScope, 0)) == counted(1, kMany));
}

TEST_CASE("an event that was told survives any kill") {
  const test::TempDir root;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto journal = journal_at(root);
    EventBus bus(std::move(journal), [] {});
    const auto heard = bus.subscribe([](const Event& event) {
      if (event.seq == 2) ::raise(SIGKILL);
    });
    bus.publish(said().body, kStart);
    bus.publish(said().body, kStart);
    bus.publish(paused().body, kStart);
    bus.flush({});
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  auto journal = journal_at(root);
  CHECK(numbers_of(since(journal, kScope, 0)) == counted(1, 2));
  CHECK(journal.last_seq("daemon") == 1);
}

TEST_CASE("an execution is never settled without the event that says so") {
  const test::TempDir root;
  const auto database = database_at(root);
  Journal journal(database, kStart);
  Executions executions(database, &journal);
  ExecutionEntry entry{.id = executions.next().value(),
                       .task = TaskId("notify"),
                       .queue = "default",
                       .input = "{}",
                       .status = ExecutionStatus::Settled,
                       .trigger = "exec",
                       .queued_at = kStart};
  const auto scope = scope_for(entry.id);
  Event event{scope, 0, kStart, ExecutionEnded{.execution = entry.id, .task = entry.task}};
  journal.add(event, /*is_first=*/true);
  REQUIRE(executions.update(entry));
  CHECK(recorded_events(root.path(), scope, 0)->size() == 1);
  CHECK_FALSE(journal.has_unstored());
  CHECK(since(journal, scope, 0).size() == 1);
}

TEST_CASE("of each scope the last ten thousand events are kept, without a gap") {
  const test::TempDir root;
  auto journal = journal_at(root);
  add(journal, paused());
  constexpr auto kMore = Journal::kKeptPerScope + 3 * Journal::kForgottenAtOnce;
  for (std::uint64_t i = 0; i < kMore; i += 500)
    fill(journal, std::min<std::uint64_t>(500, kMore - i));
  const auto kept = numbers_of(since(journal, kScope, 0));
  CHECK(kept.size() >= Journal::kKeptPerScope);
  CHECK(kept.size() < Journal::kKeptPerScope + Journal::kForgottenAtOnce);
  CHECK(kept == counted(kept.front(), kMore));
  CHECK(since(journal, "daemon", 0).size() == 1);
  CHECK(numbers_of(since(journal, kScope, 5)) == kept);
}

TEST_CASE("beyond the room of the database the oldest events go, of all scopes") {
  constexpr std::int64_t kRoom = 4 << 20;
  constexpr std::uint64_t kMore = 8'000;
  const test::TempDir root;
  const auto database = database_at(root);
  Journal journal(database, kStart, kRoom);
  add(journal, paused());
  const std::string kilobyte(1024, 'x');
  for (std::uint64_t i = 1; i <= kMore; ++i) {
    add(journal, said(kilobyte));
    if (i % 500 == 0) REQUIRE(journal.store({}));
  }
  const auto kept = numbers_of(since(journal, kScope, 0));
  REQUIRE(kept.size() > 1'000);
  CHECK(kept.size() * kilobyte.size() < kRoom);
  CHECK(kept == counted(kept.front(), kMore));
  CHECK(since(journal, "daemon", 0).empty());
  CHECK(add(journal, paused()) == 2);
}

TEST_CASE("events of an execution are forgotten with it") {
  const test::TempDir root;
  const auto database = database_at(root);
  Journal journal(database, kStart);
  Executions executions(database, &journal);
  ExecutionEntry entry{.task = TaskId("notify"),
                       .queue = "default",
                       .input = "{}",
                       .status = ExecutionStatus::Settled,
                       .trigger = "exec",
                       .queued_at = kStart};
  const auto settle = [&](std::size_t bytes) {
    entry.id = executions.next().value();
    entry.ended_at = kStart + Milliseconds(entry.id.value());
    entry.result = std::string(bytes, 'x');
    Event event{scope_for(entry.id), 0, kStart,
                ExecutionEnded{.execution = entry.id, .task = entry.task}};
    journal.add(event, /*is_first=*/true);
    REQUIRE(executions.update(entry));
    return scope_for(entry.id);
  };
  const auto first = settle(static_cast<std::size_t>(Executions::kKeptBytes));
  const auto second = settle(2);
  CHECK(since(journal, second, 0).size() == 1);
  CHECK(recorded_events(root.path(), first, 0)->empty());
}

// ---- Trouble
// -------------------------------------------------------------------------------------------------

TEST_CASE("while another program holds the database events wait in memory, and are told") {
  const test::TempDir root;
  EventBus bus(journal_at(root), [] {});
  auto& journal = bus.journal();
  Numbers heard;
  const auto listening = bus.subscribe([&](const Event& event) { heard.push_back(event.seq); });
  bus.publish(said().body, kStart);
  bus.flush({});
  const Instant later = Instant{} + Seconds(100);
  {
    const Held other(root);
    bus.publish(said().body, kStart);
    bus.flush(later);
    CHECK(heard == counted(1, 2));
    CHECK_FALSE(journal.trouble().empty());
    CHECK(journal.deadline() == later + Journal::kFirstPause);
    CHECK(numbers_of(since(journal, kScope, 1)) == Numbers{2});
    // Nobody waits for it again before its time.
    bus.publish(said().body, kStart);
    bus.flush(later + Milliseconds(1));
    CHECK(journal.deadline() == later + Journal::kFirstPause);
    bus.flush(later + Journal::kFirstPause);
    CHECK(journal.deadline() == later + Journal::kFirstPause + 2 * Journal::kFirstPause);
  }
  bus.flush(later + Seconds(10));
  CHECK(journal.trouble().empty());
  CHECK_FALSE(journal.deadline());
  CHECK(heard == counted(1, 3));
  CHECK(recorded_events(root.path(), kScope, 0)->size() == 3);
}

TEST_CASE("what waits in memory is bounded, and what is given up is a gap in the numbers") {
  const test::TempDir root;
  auto journal = journal_at(root);
  fill(journal, 1);
  {
    const Held other(root);
    SECTION("in its number") {
      for (std::size_t i = 0; i < Journal::kMostUnstored + 20; ++i) add(journal, said());
      REQUIRE_FALSE(journal.store({}));
      const auto rows = since(journal, kScope, 1);
      CHECK(numbers_of(rows) == counted(22, Journal::kMostUnstored + 21));
    }
    SECTION("in its bytes") {
      for (int i = 0; i < 10; ++i) add(journal, said(std::string(1 << 20, 'x')));
      REQUIRE_FALSE(journal.store({}));
      CHECK(numbers_of(since(journal, kScope, 1)) == counted(9, 11));
    }
  }
  REQUIRE(journal.store(Instant::max()));
  const auto kept = numbers_of(since(journal, kScope, 0));
  CHECK(kept.front() == 1);
  CHECK(kept.at(1) > 2);
  CHECK(kept.back() == journal.last_seq(kScope));
}

TEST_CASE("a journal that another program holds when it is opened is written when it can be") {
  const test::TempDir root;
  {
    auto before = journal_at(root);
    fill(before, 3);
  }
  std::optional<Journal> journal;
  {
    const Held other(root, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    journal.emplace(database_at(root), kStart);
    add(*journal, said());
    CHECK_FALSE(journal->store({}));
  }
  REQUIRE(journal->store(Instant::max()));
  // Its number is behind all that there may have been.
  const auto kept = numbers_of(since(*journal, kScope, 0));
  REQUIRE(kept.size() == 4);
  CHECK(kept[2] == 3);
  CHECK(kept[3] > 1'000'000);
}

TEST_CASE("a damaged journal is set aside, and the numbers go on") {
  const test::TempDir root;
  auto journal = journal_at(root);
  fill(journal, 5);
  SECTION("its file is removed") {
    fs::remove(root / ".poltergeist/history.db");
  }
  SECTION("something else lies there") {
    fs::remove(root / ".poltergeist/history.db");
    root.write(".poltergeist/history.db", std::string(8192, 'x'));
  }
  add(journal, said());
  REQUIRE(journal.store({}));
  CHECK(numbers_of(since(journal, kScope, 5)) == Numbers{6});
  CHECK(journal.trouble().empty());
}

TEST_CASE("without a database events are kept in memory, and it is said why") {
  Journal journal("the disk is not there");
  for (int i = 0; i < 1'000; ++i) add(journal, said());
  REQUIRE(journal.store({}));
  CHECK(journal.trouble() == "the disk is not there");
  CHECK_FALSE(journal.deadline());
  const auto kept = numbers_of(since(journal, kScope, 0));
  CHECK(kept.back() == 1'000);
  CHECK(kept == counted(kept.front(), 1'000));
  CHECK(kept.size() < 100);
}

TEST_CASE("whoever only reads the journal needs no lock, creates nothing and mends nothing") {
  const test::TempDir root;
  CHECK(recorded_events(root.path(), kScope, 0).error().code == Errc::NotFound);
  CHECK_FALSE(fs::exists(root / ".poltergeist"));
  for (const auto* version : {"1", "2", "3", "4"}) {
    fs::create_directory(root / ".poltergeist");
    const auto file = root / ".poltergeist/history.db";
    fs::copy_file(fs::path(POLTERGEIST_SOURCE_DIR) / "tests/state/old" /
                      (std::string("history-") + version + ".db"),
                  file, fs::copy_options::overwrite_existing);
    CHECK(recorded_events(root.path(), kScope, 0)->empty());
    {
      auto journal = journal_at(root);
      fill(journal, 2);
    }
    CHECK(recorded_events(root.path(), kScope, 1)->size() == 1);
    CHECK(recorded_events(root.path(), {}, 0)->size() == 2);
    CHECK_FALSE(fs::exists(root / ".poltergeist/history.db.corrupt"));
    fs::remove_all(root / ".poltergeist");
  }
}
