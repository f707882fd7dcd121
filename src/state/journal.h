// SPDX-License-Identifier: MIT
// The events of a project, kept over restarts in its database: each has the next number of its
// scope, and is written down before it is told to anybody. What cannot be written (somebody holds
// the database, the disk is full) waits in memory, as far as there is room; trouble() says why. One
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "state/event_record.h"

namespace poltergeist::state {

class Database;
class ProjectDatabase;

// How far somebody has read.
struct JournalCursor {
  std::uint64_t position = 0;
  std::uint64_t seq = 0;  // in the scope that is read; of no meaning where all are
};

class Journal {
 public:
  // Of each scope the last ones are kept, and a few more, because they are forgotten together;
  // those of an execution go with it (executions.h).
  static constexpr std::uint64_t kKeptPerScope = 10'000;
  static constexpr std::uint64_t kForgottenAtOnce = 64;
  // Beyond so many bytes of the database the oldest of all scopes go.
  static constexpr std::int64_t kMostBytes = std::int64_t{512} << 20U;
  // What waits in memory: so many, and so many bytes of their data; the oldest are given up.
  static constexpr std::size_t kMostUnstored = 1'000;
  static constexpr std::size_t kMostUnstoredBytes = std::size_t{4} << 20U;
  // A database that could not be written is tried again after a second, then ever more seldom.
  static constexpr Seconds kFirstPause{1};
  static constexpr Seconds kLongestPause{30};

  // In memory only. `why` is its trouble; empty if nobody expects it to be kept.
  explicit Journal(std::string why = {}) : trouble_(std::move(why)) {}
  Journal(std::shared_ptr<ProjectDatabase> database, WallTime now,
          std::int64_t most_bytes = kMostBytes);
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  // Writes what is left, if it can.
  ~Journal();

  // Gives it its number. `is_first` spares looking for an earlier one of its scope.
  void add(Event& event, bool is_first = false);
  [[nodiscard]] bool has_unstored() const;
  // Errors are also trouble(). While it lasts, nothing is tried before deadline().
  Result<void> store(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const;
  // Empty: all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  // The same as store() within a transaction of somebody else, who says when it is committed.
  [[nodiscard]] Result<void> write(Database& database);
  void on_committed();

  // 0 if there was none.
  [[nodiscard]] std::uint64_t last_seq(const std::string& scope);
  // Nothing happens in that scope any more; what is kept of it stays.
  void forget(const std::string& scope) { last_seq_.erase(scope); }

  // Behind everything that there is; `scope` empty: of all scopes.
  [[nodiscard]] JournalCursor end(const std::string& scope);
  // Behind event `seq` of a scope; 0: before all that is kept.
  [[nodiscard]] Result<JournalCursor> behind(const std::string& scope, std::uint64_t seq);
  // What follows on a cursor, in order, at most `limit`; nothing: it is at the end. A number that
  // is left out is not kept (any more). What is neither stored nor has been tried to be is not
  // there yet.
  [[nodiscard]] Result<std::vector<EventRecord>> read(const std::string& scope,
                                                      const JournalCursor& cursor,
                                                      std::size_t limit);

 private:
  [[nodiscard]] Result<std::uint64_t> recorded_last(const std::string& scope);
  [[nodiscard]] bool is_full() const;
  void make_room_in_memory();

  std::shared_ptr<ProjectDatabase> database_;
  std::int64_t most_bytes_ = kMostBytes;
  std::map<std::string, std::uint64_t> last_seq_;  // of scopes that something happened in
  std::deque<EventRecord> recent_;  // the last ones, and all that are not stored; without a gap
  std::size_t unstored_bytes_ = 0;
  std::uint64_t last_position_ = 0;
  std::uint64_t stored_position_ = 0;
  std::uint64_t readable_position_ = 0;
  std::string trouble_;
  Duration pause_{};
  Instant retry_at_{};
};

// Of executions that are forgotten; in the transaction of whoever forgets them.
[[nodiscard]] Result<void> forget_events(Database& database, const std::string& scope);

// What read() says behind event `since` of a scope (empty: of all, from the first that is kept),
// for those who do not hold the project's lock: nothing is repaired or changed. Errc::NotFound if
// there is no database.
[[nodiscard]] Result<std::vector<EventRecord>> recorded_events(const std::filesystem::path& root,
                                                               const std::string& scope,
                                                               std::uint64_t since);

}  // namespace poltergeist::state
