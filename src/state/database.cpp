// SPDX-License-Identifier: MIT
#include "state/database.h"

#include <sqlite3.h>

#include <limits>
#include <utility>

namespace poltergeist::state {

namespace {

// The event loop stands still meanwhile.
constexpr int kLongestWaitMs = 20;

Errc errc_for(int extended) {
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::Busy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our tables are not there
      return Errc::Invalid;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::Denied;
    default:
      return Errc::Io;
  }
}

Failure fail_sqlite(sqlite3* connection, const char* doing) {
  if (connection == nullptr) return fail(Errc::Io, "{}: out of memory", doing);
  return fail(errc_for(::sqlite3_extended_errcode(connection)), "{}: {}", doing,
              ::sqlite3_errmsg(connection));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  ::sqlite3_finalize(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  ::sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  ::sqlite3_bind_text64(statement_.get(), parameter, value.data() == nullptr ? "" : value.data(),
                        value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind(int parameter, const std::optional<int>& value) {
  return value ? bind(parameter, std::int64_t{*value}) : bind_null(parameter);
}

Statement& Statement::bind(int parameter, const std::optional<std::int64_t>& value) {
  return value ? bind(parameter, *value) : bind_null(parameter);
}

Statement& Statement::bind_null(int parameter) {
  ::sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

Result<bool> Statement::step() {
  const int code = ::sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail_sqlite(::sqlite3_db_handle(statement_.get()), "history");
}

std::int64_t Statement::whole(int column) const {
  return ::sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* bytes = ::sqlite3_column_text(statement_.get(), column);
  if (bytes == nullptr) return {};
  const int size = ::sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::optional<int> Statement::whole_if(int column) const {
  if (is_null(column)) return std::nullopt;
  return ::sqlite3_column_int(statement_.get(), column);
}

bool Statement::is_null(int column) const {
  return ::sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::changed() const {
  return ::sqlite3_changes64(::sqlite3_db_handle(statement_.get()));
}

void Statement::reset() {
  // Says once more what the last step said.
  static_cast<void>(::sqlite3_reset(statement_.get()));
}

void Database::Close::operator()(sqlite3* connection) const {
  ::sqlite3_close_v2(connection);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file) {
  return open(file, SQLITE_OPEN_READWRITE);
}

Result<std::unique_ptr<Database>> Database::open_to_read(const std::filesystem::path& file) {
  return open(file, SQLITE_OPEN_READONLY);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, int mode) {
  // Before the first connection. Nobody asks how much it has allocated, and to know that it would
  // take a lock for each allocation.
  [[maybe_unused]] static const int configured = ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* connection = nullptr;
  const int code = ::sqlite3_open_v2(file.c_str(), &connection,
                                     mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  // Also a failed opening gives a connection, which holds the message.
  std::unique_ptr<Database> database(new Database(connection));
  if (code != SQLITE_OK) return fail_sqlite(connection, file.c_str());
  ::sqlite3_extended_result_codes(connection, 1);
  ::sqlite3_busy_timeout(connection, kLongestWaitMs);
  // The pool of small allocations would be most of what an idle connection takes.
  ::sqlite3_db_config(connection, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  return prepare(sql, 0);
}

Result<Statement> Database::prepare(std::string_view sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int code = ::sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                        flags, &statement, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(connection_.get(), "history");
  return Statement(statement);
}

Result<KeptStatement> Database::kept(std::string_view sql) {
  auto found = kept_.find(sql);
  if (found == kept_.end()) {
    auto made = prepare(sql, SQLITE_PREPARE_PERSISTENT);
    if (!made) return fail(made.error());
    found = kept_.emplace(std::string(sql), std::move(*made)).first;
  }
  return KeptStatement(found->second);
}

Result<void> Database::execute(const std::string& sql) {
  if (::sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail_sqlite(connection_.get(), "history");
  }
  return {};
}

Result<std::int64_t> Database::whole(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return fail(statement.error());
  const auto row = statement->step();
  if (!row) return fail(row.error());
  return *row ? statement->whole(0) : 0;
}

Result<void> Database::execute_kept(std::string_view sql) {
  auto statement = kept(sql);
  if (!statement) return fail(statement.error());
  if (const auto done = (*statement)->step(); !done) return fail(done.error());
  return {};
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute_kept("BEGIN IMMEDIATE"); !begun) return fail(begun.error());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // Fails only where SQLite has rolled back by itself already.
  [[maybe_unused]] const auto undone = database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto committed = database_->execute_kept("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace poltergeist::state
