// SPDX-License-Identifier: MIT
#include "state/journal.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "state/project_database.h"

namespace poltergeist::state {

namespace {

// What followers who keep up are served from.
constexpr std::size_t kRecent = 64;
// So often the size of the database is looked at, and so many go then.
constexpr std::uint64_t kBetweenLooks = 1024;
constexpr std::uint64_t kGoneForRoom = 2 * kBetweenLooks;
constexpr std::int64_t kVersionWithEvents = 5;
constexpr std::size_t kReadAtOnce = 1'000;

std::int64_t as_whole(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// Replaced: somebody put another file in its place, and its numbers are not ours.
constexpr auto kInsertEvent =
    "INSERT OR REPLACE INTO events(position, scope, seq, type, data, created_at)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)";

constexpr auto kReadEvents =
    "SELECT position, scope, seq, type, data, created_at FROM events"
    " WHERE position > ?1 ORDER BY position LIMIT ?2";
constexpr auto kReadEventsOf =
    "SELECT position, scope, seq, type, data, created_at FROM events"
    " WHERE scope = ?3 AND seq > ?1 ORDER BY seq LIMIT ?2";

Result<void> run(Database& database, const char* sql, std::uint64_t value,
                 const std::string* scope = nullptr) {
  auto statement = database.kept(sql);
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, as_whole(value));
  if (scope != nullptr) (*statement)->bind(2, *scope);
  if (const auto done = (*statement)->step(); !done) return fail(done.error());
  return {};
}

Result<void> insert_event(Database& database, const EventRecord& record) {
  auto statement = database.kept(kInsertEvent);
  if (!statement) return fail(statement.error());
  (*statement)
      ->bind(1, as_whole(record.position))
      .bind(2, record.scope)
      .bind(3, as_whole(record.seq))
      .bind(4, record.type)
      .bind(5, record.data)
      .bind(6, record.created_at);
  if (const auto done = (*statement)->step(); !done) return fail(done.error());
  return {};
}

// Whoever follows in a scope finds no number left out: the oldest go.
Result<void> forget_old(Database& database, const EventRecord& record) {
  if (record.seq % Journal::kForgottenAtOnce != 0 || record.seq <= Journal::kKeptPerScope) {
    return {};
  }
  return run(database, "DELETE FROM events WHERE scope = ?2 AND seq <= ?1",
             record.seq - Journal::kKeptPerScope, &record.scope);
}

Result<void> make_room(Database& database, const EventRecord& record, std::int64_t most_bytes) {
  if (record.position % kBetweenLooks != 0) return {};
  const auto pages = database.whole("PRAGMA page_count");
  const auto unused = database.whole("PRAGMA freelist_count");
  const auto size = database.whole("PRAGMA page_size");
  for (const auto* figure : {&pages, &unused, &size}) {
    if (!*figure) return fail(figure->error());
  }
  if ((*pages - *unused) * *size <= most_bytes) return {};
  return run(database,
             "DELETE FROM events WHERE position IN"
             " (SELECT position FROM events ORDER BY position LIMIT ?1)",
             kGoneForRoom);
}

Result<std::vector<EventRecord>> read_rows(Database& database, const std::string& scope,
                                           const JournalCursor& cursor, std::size_t limit) {
  auto statement = database.kept(scope.empty() ? kReadEvents : kReadEventsOf);
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, as_whole(scope.empty() ? cursor.position : cursor.seq));
  (*statement)->bind(2, as_whole(limit));
  if (!scope.empty()) (*statement)->bind(3, scope);
  std::vector<EventRecord> records;
  while (true) {
    const auto row = (*statement)->step();
    if (!row) return fail(row.error());
    if (!*row) return records;
    const auto& columns = **statement;
    records.push_back({.position = static_cast<std::uint64_t>(columns.whole(0)),
                       .scope = columns.text(1),
                       .seq = static_cast<std::uint64_t>(columns.whole(2)),
                       .type = columns.text(3),
                       .data = columns.text(4),
                       .created_at = columns.text(5)});
  }
}

Result<std::uint64_t> whole_of(Database& database, const char* sql, const std::string& scope,
                               std::uint64_t seq = 0) {
  auto statement = database.kept(sql);
  if (!statement) return fail(statement.error());
  (*statement)->bind(1, scope).bind(2, as_whole(seq));
  const auto row = (*statement)->step();
  if (!row) return fail(row.error());
  return *row ? static_cast<std::uint64_t>((*statement)->whole(0)) : 0;
}

// Where the journal cannot say what its last number was, it goes on behind all that it may have
// been: the milliseconds since 1970 are more than a journal ever had events.
std::uint64_t number_behind_all(WallTime now) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count());
}

}  // namespace

Journal::Journal(std::shared_ptr<ProjectDatabase> database, WallTime now, std::int64_t most_bytes)
    : database_(std::move(database)), most_bytes_(most_bytes) {
  const auto last = database_->attempt([](Database& opened) {
    return opened.whole("SELECT coalesce(max(position), 0) FROM events");
  });
  last_position_ = last ? static_cast<std::uint64_t>(*last) : number_behind_all(now);
  stored_position_ = readable_position_ = last_position_;
}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;

Journal::~Journal() {
  if (!database_ || !has_unstored() || !database_->is_open()) return;
  pause_ = {};
  if (const auto stored = store({}); !stored) {
    log_warn("the last events are missing in the journal: {}", stored.error().message);
  }
}

// ---- Writing
// -------------------------------------------------------------------------------------------------

void Journal::add(Event& event, bool is_first) {
  auto known = last_seq_.find(event.scope);
  if (known == last_seq_.end()) {
    const auto last = is_first ? 0 : recorded_last(event.scope);
    known =
        last_seq_.emplace(event.scope, last.value_or(number_behind_all(event.created_at))).first;
  }
  event.seq = ++known->second;
  auto record = record_of(event);
  record.position = ++last_position_;
  unstored_bytes_ += record.data.size();
  recent_.push_back(std::move(record));
  make_room_in_memory();
}

bool Journal::is_full() const {
  return last_position_ - stored_position_ > kMostUnstored || unstored_bytes_ > kMostUnstoredBytes;
}

void Journal::make_room_in_memory() {
  // More may be published at once than there is room for.
  if (is_full() && pause_ == Duration{}) {
    [[maybe_unused]] const auto stored = store({});
  }
  while (has_unstored() && is_full()) {
    if (recent_.front().position > stored_position_) {
      unstored_bytes_ -= recent_.front().data.size();
      stored_position_ = recent_.front().position;
    }
    recent_.pop_front();
  }
}

bool Journal::has_unstored() const {
  return last_position_ > stored_position_;
}

std::optional<Instant> Journal::deadline() const {
  if (pause_ == Duration{} || !has_unstored()) return std::nullopt;
  return retry_at_;
}

Result<void> Journal::store(Instant now) {
  readable_position_ = last_position_;
  if (!has_unstored()) return {};
  if (!database_) {
    on_committed();
    return {};
  }
  if (pause_ != Duration{} && now < retry_at_) return fail(Errc::Busy, "{}", trouble_);
  const auto stored = database_->attempt([this](Database& database) -> Result<void> {
    auto transaction = Transaction::begin(database);
    if (!transaction) return fail(transaction.error());
    if (auto written = write(database); !written) return written;
    return transaction->commit();
  });
  if (stored) {
    on_committed();
    return {};
  }
  trouble_ = stored.error().message;
  pause_ = std::clamp<Duration>(pause_ * 2, kFirstPause, kLongestPause);
  retry_at_ = now + pause_;
  return stored;
}

Result<void> Journal::write(Database& database) {
  const auto unstored = static_cast<std::ptrdiff_t>(last_position_ - stored_position_);
  for (auto record = recent_.end() - unstored; record != recent_.end(); ++record) {
    if (auto done = insert_event(database, *record); !done) return done;
    if (auto done = forget_old(database, *record); !done) return done;
    if (auto done = make_room(database, *record, most_bytes_); !done) return done;
  }
  return {};
}

void Journal::on_committed() {
  stored_position_ = readable_position_ = last_position_;
  unstored_bytes_ = 0;
  while (recent_.size() > kRecent) recent_.pop_front();
  if (!database_) return;
  trouble_.clear();
  pause_ = {};
}

Result<std::uint64_t> Journal::recorded_last(const std::string& scope) {
  if (!database_) return 0;
  return database_->attempt([&](Database& database) {
    return whole_of(database, "SELECT max(seq) FROM events WHERE scope = ?1 AND ?2 = 0", scope);
  });
}

// ---- Reading
// -------------------------------------------------------------------------------------------------

std::uint64_t Journal::last_seq(const std::string& scope) {
  const auto known = last_seq_.find(scope);
  return known == last_seq_.end() ? recorded_last(scope).value_or(0) : known->second;
}

JournalCursor Journal::end(const std::string& scope) {
  return {readable_position_, scope.empty() ? 0 : last_seq(scope)};
}

Result<JournalCursor> Journal::behind(const std::string& scope, std::uint64_t seq) {
  const auto found = std::find_if(recent_.rbegin(), recent_.rend(), [&](const EventRecord& record) {
    return record.scope == scope && record.seq <= seq;
  });
  if (found != recent_.rend()) return JournalCursor{found->position, seq};
  if (!database_ || seq == 0) return JournalCursor{0, seq};
  const auto position = database_->attempt([&](Database& database) {
    return whole_of(database,
                    "SELECT position FROM events WHERE scope = ?1 AND seq <= ?2"
                    " ORDER BY seq DESC LIMIT 1",
                    scope, seq);
  });
  if (!position) return fail(position.error());
  return JournalCursor{*position, seq};
}

Result<std::vector<EventRecord>> Journal::read(const std::string& scope,
                                               const JournalCursor& cursor, std::size_t limit) {
  std::vector<EventRecord> records;
  auto last = cursor.position;
  const auto first_in_memory = last_position_ - recent_.size() + 1;
  if (last + 1 < first_in_memory && database_) {
    auto rows = database_->attempt(
        [&](Database& database) { return read_rows(database, scope, cursor, limit); });
    if (!rows) return rows;
    records = std::move(*rows);
    if (!records.empty()) last = records.back().position;
  }
  for (const auto& record : recent_) {
    if (records.size() == limit || record.position > readable_position_) break;
    if (record.position <= last || (!scope.empty() && record.scope != scope)) continue;
    records.push_back(record);
  }
  return records;
}

Result<void> forget_events(Database& database, const std::string& scope) {
  return run(database, "DELETE FROM events WHERE scope = ?2 AND seq > ?1", 0, &scope);
}

Result<std::vector<EventRecord>> recorded_events(const std::filesystem::path& root,
                                                 const std::string& scope, std::uint64_t since) {
  auto recorded = open_recorded(root);
  if (!recorded) return fail(recorded.error());
  std::vector<EventRecord> records;
  if (recorded->version < kVersionWithEvents) return records;
  JournalCursor cursor{.seq = since};
  while (true) {
    auto page = read_rows(*recorded->database, scope, cursor, kReadAtOnce);
    if (!page) return fail(page.error(), "{}", ProjectDatabase::file_in(root).string());
    if (page->empty()) return records;
    cursor = {page->back().position, page->back().seq};
    records.insert(records.end(), std::make_move_iterator(page->begin()),
                   std::make_move_iterator(page->end()));
  }
}

}  // namespace poltergeist::state
