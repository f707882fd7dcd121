// SPDX-License-Identifier: MIT
// SQLite, as far as this room needs it: one connection, statements, transactions. Small (no more
// than some 200 KB) and never waiting for others longer than a moment. Errc::Invalid means that the
// file is damaged or none of ours, Errc::Busy that another program holds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace poltergeist::state {

// One SQL statement with its parameters. Must not outlive its Database.
class Statement {
 public:
  // Parameters count from 1. A text is copied.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view value);
  Statement& bind(int parameter, const std::optional<int>& value);           // absent: NULL
  Statement& bind(int parameter, const std::optional<std::int64_t>& value);  // absent: NULL
  Statement& bind_null(int parameter);

  // True: there is a row, and its columns (from 0) can be read until the next step.
  [[nodiscard]] Result<bool> step();
  [[nodiscard]] std::int64_t whole(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::optional<int> whole_if(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  // The rows that a statement without RETURNING has changed; at its end, and before the next.
  [[nodiscard]] std::int64_t changed() const;
  // To be stepped again, with other parameters.
  void reset();

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A statement that its Database keeps for the next time. One at a time of each text; to be let go
// before the Database is, and before a transaction ends.
class KeptStatement {
 public:
  explicit KeptStatement(Statement& statement) : statement_(&statement) {}
  KeptStatement(KeptStatement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)) {}
  KeptStatement& operator=(KeptStatement&&) = delete;
  ~KeptStatement() {
    if (statement_ != nullptr) statement_->reset();
  }
  Statement* operator->() const { return statement_; }
  Statement& operator*() const { return *statement_; }

 private:
  Statement* statement_;  // null once moved from
};

class Database {
 public:
  // The file must exist; it may be empty.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
  // Nothing can be written by it.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open_to_read(
      const std::filesystem::path& file);

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // The same, made once: for what is done thousands of times.
  [[nodiscard]] Result<KeptStatement> kept(std::string_view sql);
  // Several statements without parameters.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  // The same with a statement that is kept.
  [[nodiscard]] Result<void> execute_kept(std::string_view sql);
  // The first column of the first row as a number; 0 without a row.
  [[nodiscard]] Result<std::int64_t> whole(std::string_view sql);

 private:
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                              int mode);
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  [[nodiscard]] Result<Statement> prepare(std::string_view sql, unsigned flags);
  std::unique_ptr<sqlite3, Close> connection_;
  std::map<std::string, Statement, std::less<>> kept_;  // after the connection: they go first
};

// Takes the write lock at once, so that it cannot fail half way; undone unless committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;  // null once it is over
};

}  // namespace poltergeist::state
