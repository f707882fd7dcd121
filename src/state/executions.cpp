// SPDX-License-Identifier: MIT
#include "state/executions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "state/event.h"
#include "state/journal.h"
#include "state/project_database.h"

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostUnwrittenExecutions = 256;
constexpr std::int64_t kVersionWithExecutions = 3;

// The text of a statement is what it is kept by.
const std::string kExecutionColumns =
    "id, task, queue, status, attempt, trigger, input_withheld, max_retries, timeout_ms, queued_at,"
    " started_at, ended_at, retry_at, outcome, failure_kind, input, result";
constexpr int kColumnCount = 17;

std::string parameters(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += fmt::format("{}?{}", i > first ? "," : "", i);
  return text;
}

// What is forgotten leaves its number there.
constexpr auto kLastNumber =
    "SELECT max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'executions'),"
    " (SELECT coalesce(max(id), 0) FROM executions))";

const std::string kInsert =
    fmt::format("INSERT INTO executions({}) VALUES({}) ON CONFLICT(id) DO NOTHING",
                kExecutionColumns, parameters(1, kColumnCount));

// What changes of one after it was queued, with the parameters of kInsert. The statement that does
// not name `ended_at` leaves both indexes alone. OR FAIL, because it is undone as a part of its
// transaction or not at all: SQLite needs no journal for it alone.
constexpr auto kProgress =
    "UPDATE OR FAIL executions SET status = ?4, attempt = ?5, input_withheld = ?7,"
    " started_at = ?11, retry_at = ?13, outcome = ?14, failure_kind = ?15, input = ?16,"
    " result = ?17 WHERE id = ?1 AND ended_at IS NULL";
constexpr auto kSettle =
    "UPDATE OR FAIL executions SET status = ?4, attempt = ?5, input_withheld = ?7,"
    " started_at = ?11, ended_at = ?12, retry_at = ?13, outcome = ?14, failure_kind = ?15,"
    " input = ?16, result = ?17 WHERE id = ?1 AND ended_at IS NULL";

constexpr auto kCount =
    "INSERT INTO counters(name, value) VALUES('settled', ?1), ('settled_bytes', ?2)"
    " ON CONFLICT(name) DO UPDATE SET value = value + excluded.value";
constexpr auto kCounted =
    "SELECT (SELECT value FROM counters WHERE name = 'settled'),"
    " (SELECT value FROM counters WHERE name = 'settled_bytes')";

// The bytes that they give back.
constexpr auto kForgetOldest =
    "DELETE FROM executions WHERE id IN (SELECT id FROM executions"
    " WHERE ended_at IS NOT NULL AND id <> ?1 ORDER BY ended_at, id LIMIT ?2)"
    " RETURNING length(CAST(input AS BLOB)) + length(CAST(result AS BLOB)), id";

const std::string kFind = fmt::format("SELECT {} FROM executions WHERE id = ?1", kExecutionColumns);

std::optional<std::string> text_of(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return to_iso8601(*time);
}

template <typename E, std::size_t N>
std::optional<std::string_view> text_of(const std::array<EnumName<E>, N>& table,
                                        const std::optional<E>& value) {
  if (!value) return std::nullopt;
  return name_in(table, *value);
}

template <typename Text>
void bind_text(Statement& statement, int parameter, const std::optional<Text>& text) {
  if (text) {
    statement.bind(parameter, *text);
  } else {
    statement.bind_null(parameter);
  }
}

// What is settled has an end: the file tells them apart by it.
std::optional<WallTime> end_of(const ExecutionEntry& entry) {
  if (entry.status != ExecutionStatus::Settled) return std::nullopt;
  return entry.ended_at.value_or(entry.queued_at);
}

void bind_entry(Statement& statement, const ExecutionEntry& entry) {
  std::optional<std::int64_t> timeout;
  if (entry.timeout) timeout = entry.timeout->count();
  statement.bind(1, static_cast<std::int64_t>(entry.id.value()))
      .bind(2, entry.task.value())
      .bind(3, entry.queue)
      .bind(4, name_in(kExecutionStatuses, entry.status))
      .bind(5, std::int64_t{entry.attempt})
      .bind(6, entry.trigger)
      .bind(7, std::int64_t{entry.input_withheld})
      .bind(8, entry.max_retries)
      .bind(9, timeout)
      .bind(10, to_iso8601(entry.queued_at))
      .bind(16, entry.input)
      .bind(17, entry.result);
  bind_text(statement, 11, text_of(entry.started_at));
  bind_text(statement, 12, text_of(end_of(entry)));
  bind_text(statement, 13, text_of(entry.retry_at));
  bind_text(statement, 14, text_of(kExecutionOutcomes, entry.outcome));
  bind_text(statement, 15, text_of(kFailureKinds, entry.failure_kind));
}

// Somebody else may have written it.
ExecutionEntry execution_from(const Statement& row) {
  std::optional<Milliseconds> timeout;
  if (!row.is_null(8)) timeout = Milliseconds(row.whole(8));
  return {
      .id = ExecutionId(static_cast<std::uint64_t>(row.whole(0))),
      .task = TaskId(row.text(1)),
      .queue = row.text(2),
      .input = row.text(15),
      .input_withheld = row.whole(6) != 0,
      .max_retries = row.whole_if(7),
      .timeout = timeout,
      .status = value_in(kExecutionStatuses, row.text(3)).value_or(ExecutionStatus::Settled),
      .attempt = static_cast<int>(row.whole(4)),
      .trigger = row.text(5),
      .queued_at = from_iso8601(row.text(9)).value_or(WallTime{}),
      .started_at = from_iso8601(row.text(10)),
      .ended_at = from_iso8601(row.text(11)),
      .retry_at = from_iso8601(row.text(12)),
      .outcome = value_in(kExecutionOutcomes, row.text(13)),
      .failure_kind = value_in(kFailureKinds, row.text(14)),
      .result = row.text(16),
  };
}

// Whether a statement that gives no rows changed one.
Result<bool> change(Statement& statement) {
  if (const auto done = statement.step(); !done) return fail(done.error());
  return statement.changed() > 0;
}

Result<void> forget(Database& database, const std::string& scope) {
  auto statement = database.kept("DELETE FROM states WHERE scope = ?1");
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, scope);
  if (const auto done = change(**statement); !done) return fail(done.error());
  return {};
}

// What is kept of the settled ones.
struct Kept {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
};

// What there is after it.
Result<Kept> count(Database& database, const Kept& more) {
  auto statement = database.kept(kCount);
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, more.count).bind(2, more.bytes);
  if (const auto done = change(**statement); !done) return fail(done.error());
  auto counted = database.kept(kCounted);
  if (!counted) return fail(counted.error());
  if (const auto row = (*counted)->step(); !row) return fail(row.error());
  return Kept{(*counted)->whole(0), (*counted)->whole(1)};
}

// What settles in a transaction.
struct Settled {
  Kept more;
  ExecutionId last;
};

// What is kept when up to `n` of those that ended first are gone.
Result<Kept> forget_oldest(Database& database, ExecutionId last, std::int64_t n) {
  Kept gone;
  std::vector<ExecutionId> oldest;
  {
    auto statement = database.kept(kForgetOldest);
    if (!statement) return fail(statement.error());
    (*statement)->bind(1, static_cast<std::int64_t>(last.value())).bind(2, n);
    while (true) {
      const auto row = (*statement)->step();
      if (!row) return fail(row.error());
      if (!*row) break;
      --gone.count;
      gone.bytes -= (*statement)->whole(0);
      oldest.emplace_back(static_cast<std::uint64_t>((*statement)->whole(1)));
    }
  }
  for (const auto id : oldest) {
    const auto scope = scope_for(id);
    if (auto done = forget(database, scope); !done) return fail(done.error());
    if (auto done = forget_events(database, scope); !done) return fail(done.error());
  }
  return count(database, gone);
}

// In the transaction in which they settle, so that the sums are those of the rows.
Result<void> on_settled(Database& database, const Settled& settled) {
  if (settled.more.count == 0) return {};
  constexpr auto kAtOnce = Executions::kForgottenAtOnce;
  auto kept = count(database, settled.more);
  if (kept && kept->count >= Executions::kKept + kAtOnce) {
    kept = forget_oldest(database, settled.last, kAtOnce);
  }
  for (int i = 0; kept && kept->bytes > Executions::kKeptBytes && i < kAtOnce; ++i) {
    kept = forget_oldest(database, settled.last, 1);
  }
  if (!kept) return fail(kept.error());
  return {};
}

// Whether a row was written.
Result<bool> write(Database& database, std::string_view sql, const ExecutionEntry& entry) {
  auto statement = database.kept(sql);
  if (!statement) return fail(statement.error());
  bind_entry(**statement, entry);
  return change(**statement);
}

// The last of `entries` that is settled in the file: it stays as it is there.
Result<std::optional<ExecutionId>> write(Database& database,
                                         const std::vector<const ExecutionEntry*>& entries,
                                         Journal* journal) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return fail(transaction.error());
  std::optional<ExecutionId> before;
  Settled settled;
  for (const auto* entry : entries) {
    const bool settles = entry->status == ExecutionStatus::Settled;
    auto written = write(database, settles ? kSettle : kProgress, *entry);
    if (written && !*written) written = write(database, kInsert, *entry);
    if (!written) return fail(written.error());
    if (!*written) before = entry->id;
    if (!*written || !settles) continue;
    settled.last = entry->id;
    ++settled.more.count;
    settled.more.bytes += static_cast<std::int64_t>(entry->input.size() + entry->result.size());
  }
  if (auto counted = on_settled(database, settled); !counted) return fail(counted.error());
  if (journal != nullptr) {
    if (auto noted = journal->write(database); !noted) return fail(noted.error());
  }
  if (auto committed = transaction->commit(); !committed) return fail(committed.error());
  return before;
}

Result<std::vector<ExecutionEntry>> rows_of(Statement& statement) {
  std::vector<ExecutionEntry> entries;
  while (true) {
    const auto row = statement.step();
    if (!row) return fail(row.error());
    if (!*row) return entries;
    entries.push_back(execution_from(statement));
  }
}

Result<std::optional<ExecutionEntry>> read_one(Database& database, ExecutionId id) {
  auto statement = database.prepare(kFind);
  if (!statement) return fail(statement.error());
  statement->bind(1, static_cast<std::int64_t>(id.value()));
  auto rows = rows_of(*statement);
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::nullopt;
  return std::move(rows->front());
}

Result<std::vector<ExecutionEntry>> read_recent(Database& database, int n,
                                                const ExecutionFilter& filter) {
  std::string where = "WHERE (?1 = '' OR task = ?1)";
  if (!filter.task.value().empty()) where = "WHERE task = ?1";
  // Written out for the index that holds only those.
  if (filter.status) where += " AND status = ?2";
  if (filter.status == ExecutionStatus::Settled) where += " AND ended_at IS NOT NULL";
  if (filter.status && filter.status != ExecutionStatus::Settled) where += " AND ended_at IS NULL";
  auto statement = database.prepare(fmt::format(
      "SELECT {} FROM executions {} ORDER BY id DESC LIMIT ?3", kExecutionColumns, where));
  if (!statement) return fail(statement.error());
  statement->bind(1, filter.task.value()).bind(3, std::int64_t{std::max(n, 0)});
  if (filter.status) statement->bind(2, name_in(kExecutionStatuses, *filter.status));
  return rows_of(*statement);
}

Result<std::vector<ExecutionEntry>> read_unsettled(Database& database) {
  auto statement = database.prepare(fmt::format(
      "SELECT {} FROM executions WHERE ended_at IS NULL ORDER BY id", kExecutionColumns));
  if (!statement) return fail(statement.error());
  return rows_of(*statement);
}

// Whether there was room.
Result<bool> put(Database& database, const std::string& scope, const std::string& key,
                 const std::string& value) {
  auto statement = database.kept(
      "INSERT INTO states(scope, key, value) SELECT ?1, ?2, ?3"
      " WHERE EXISTS(SELECT 1 FROM states WHERE scope = ?1 AND key = ?2)"
      " OR (SELECT count(*) FROM states WHERE scope = ?1) < ?4"
      " ON CONFLICT(scope, key) DO UPDATE SET value = excluded.value");
  if (!statement) return fail(statement.error());
  (*statement)
      ->bind(1, scope)
      .bind(2, key)
      .bind(3, value)
      .bind(4, static_cast<std::int64_t>(Executions::kMostKeys));
  return change(**statement);
}

Result<std::map<std::string, std::string>> read_state(Database& database,
                                                      const std::string& scope) {
  auto statement = database.kept("SELECT key, value FROM states WHERE scope = ?1");
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, scope);
  std::map<std::string, std::string> state;
  while (true) {
    const auto row = (*statement)->step();
    if (!row) return fail(row.error());
    if (!*row) return state;
    state.insert_or_assign((*statement)->text(0), (*statement)->text(1));
  }
}

Failure fail_as_settled(ExecutionId id) {
  return fail(Errc::Invalid, "execution {} is settled", id.value());
}

}  // namespace

Executions::Executions(std::shared_ptr<ProjectDatabase> database, Journal* journal)
    : database_(std::move(database)), journal_(journal) {}
Executions::Executions(Executions&&) noexcept = default;
Executions& Executions::operator=(Executions&&) noexcept = default;

Executions::~Executions() {
  if (!database_ || unwritten_.empty() || !database_->is_open()) return;
  if (auto written = flush(); !written) {
    log_warn("what became of {} executions is not recorded: {}", unwritten_.size(),
             written.error().message);
  }
}

Result<Executions> Executions::open(const fs::path& root) {
  auto database = ProjectDatabase::open(root);
  if (!database) return fail(database.error());
  return Executions(std::move(*database));
}

Result<ExecutionId> Executions::next() {
  if (!knows_last_) {
    const auto last =
        database_->attempt([](Database& database) { return database.whole(kLastNumber); });
    if (!last) return fail(last.error());
    last_ =
        std::max(last_, ExecutionId(static_cast<std::uint64_t>(std::max<std::int64_t>(*last, 0))));
    knows_last_ = true;
  }
  last_ = ExecutionId(last_.value() + 1);
  return last_;
}

Result<void> Executions::update(const std::vector<const ExecutionEntry*>& entries) {
  for (const auto* entry : entries) {
    if (entry->id == ExecutionId()) return fail(Errc::Invalid, "an execution without a number");
    const auto waiting = unwritten_.find(entry->id);
    if (waiting != unwritten_.end() && waiting->second.status == ExecutionStatus::Settled) {
      return fail_as_settled(entry->id);
    }
    last_ = std::max(last_, entry->id);
  }
  if (!unwritten_.empty()) {
    keep_unwritten(entries);
    return flush();
  }
  // The usual case: nothing is copied.
  const auto settled = write_all(entries);
  if (!settled) {
    keep_unwritten(entries);
    return fail(settled.error());
  }
  return *settled ? fail_as_settled(**settled) : Result<void>();
}

void Executions::keep_unwritten(const std::vector<const ExecutionEntry*>& entries) {
  for (const auto* entry : entries) unwritten_.insert_or_assign(entry->id, *entry);
  while (unwritten_.size() > kMostUnwrittenExecutions) unwritten_.erase(unwritten_.begin());
}

Result<void> Executions::flush() {
  if (unwritten_.empty()) return {};
  std::vector<const ExecutionEntry*> entries;
  entries.reserve(unwritten_.size());
  for (const auto& [id, entry] : unwritten_) entries.push_back(&entry);
  const auto written = write_all(entries);
  if (!written) return fail(written.error());
  unwritten_.clear();
  return {};
}

Result<std::optional<ExecutionId>> Executions::write_all(
    const std::vector<const ExecutionEntry*>& entries) {
  auto written =
      database_->attempt([&](Database& database) { return write(database, entries, journal_); });
  if (written && journal_ != nullptr) journal_->on_committed();
  return written;
}

Result<std::optional<ExecutionEntry>> Executions::find(ExecutionId id) {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([&](Database& database) { return read_one(database, id); });
}

Result<std::vector<ExecutionEntry>> Executions::recent(int n, const ExecutionFilter& filter) {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([&](Database& database) { return read_recent(database, n, filter); });
}

Result<std::vector<ExecutionEntry>> Executions::unsettled() {
  if (auto written = flush(); !written) return fail(written.error());
  return database_->attempt([](Database& database) { return read_unsettled(database); });
}

Result<void> Executions::set_state(const std::string& scope, const std::string& key,
                                   const std::string& value) {
  if (key.empty()) return fail(Errc::Invalid, "state of {} needs a key", scope);
  if (key.size() + value.size() > kMostStateBytes) {
    return fail(Errc::Invalid, "state of {} takes no more than {} KiB at a key", scope,
                kMostStateBytes / 1024);
  }
  const auto fits =
      database_->attempt([&](Database& database) { return put(database, scope, key, value); });
  if (!fits) return fail(fits.error());
  if (!*fits)
    return fail(Errc::Invalid, "state of {} takes no more than {} keys", scope, kMostKeys);
  return {};
}

Result<std::map<std::string, std::string>> Executions::state_of(const std::string& scope) {
  return database_->attempt([&](Database& database) { return read_state(database, scope); });
}

Result<void> Executions::forget_state(const std::string& scope) {
  return database_->attempt([&](Database& database) { return forget(database, scope); });
}

Result<std::vector<ExecutionEntry>> recorded_executions(const fs::path& root, int n,
                                                        const ExecutionFilter& filter) {
  auto recorded = open_recorded(root);
  if (!recorded) return fail(recorded.error());
  if (recorded->version < kVersionWithExecutions) return std::vector<ExecutionEntry>();
  auto entries = read_recent(*recorded->database, n, filter);
  if (!entries) return fail(entries.error(), "{}", ProjectDatabase::file_in(root).string());
  return entries;
}

Result<std::optional<ExecutionEntry>> recorded_execution(const fs::path& root, ExecutionId id) {
  auto recorded = open_recorded(root);
  if (!recorded) return fail(recorded.error());
  if (recorded->version < kVersionWithExecutions) return std::optional<ExecutionEntry>();
  auto entry = read_one(*recorded->database, id);
  if (!entry) return fail(entry.error(), "{}", ProjectDatabase::file_in(root).string());
  return entry;
}

}  // namespace poltergeist::state
