// SPDX-License-Identifier: MIT
// <root>/.poltergeist/history.db (SQLite), which mends itself: one that is damaged is set aside as
// history.db.corrupt and a new one begun, one that is removed while it is open is begun anew, one
// of an older version is taken over. What is in it belongs to History, Executions and Journal,
// which share it. Whatever goes wrong is an Error and nothing more. One thread, one connection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/result.h"
#include "state/database.h"

namespace poltergeist::state {

class ProjectDatabase {
 public:
  // Version 1: builds. 2: their timing. 3: executions and their state. 4: their indexes. 5: events.
  static constexpr std::int64_t kVersion = 5;

  [[nodiscard]] static std::filesystem::path file_in(const std::filesystem::path& root);

  // Opens or begins that of the project at `root`; Errc::Unavailable for one of a newer version.
  // One that another program holds at the moment is opened when it is used.
  [[nodiscard]] static Result<std::shared_ptr<ProjectDatabase>> open(
      const std::filesystem::path& root);
  ~ProjectDatabase();

  // Runs a step with the open Database; if it finds the file damaged or gone, once more on a new
  // one. Errc::Invalid is for damage alone: a step says otherwise what was wrong with what it was
  // given.
  template <typename Step>
  [[nodiscard]] auto attempt(Step step) -> decltype(step(std::declval<Database&>())) {
    if (auto ready = ensure_open(); !ready) return fail(ready.error());
    auto done = step(*database_);
    if (done || done.error().code != Errc::Invalid) return done;
    if (auto begun = begin_again(done.error()); !begun) return fail(begun.error());
    return step(*database_);
  }
  // Nothing can be written to it at the moment.
  [[nodiscard]] bool is_open() const { return database_ != nullptr; }

 private:
  explicit ProjectDatabase(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] Result<void> ensure_open();
  [[nodiscard]] Result<void> open_database();
  // Sets the file aside and begins a new one.
  [[nodiscard]] Result<void> begin_again(const Error& why);

  std::filesystem::path file_;
  std::unique_ptr<Database> database_;                // null while it could not be begun
  std::pair<std::uint64_t, std::uint64_t> identity_;  // of the file that is open
};

// For those who do not hold the project's lock: nothing is repaired or changed.
struct RecordedDatabase {
  std::unique_ptr<Database> database;
  std::int64_t version = 0;
};
// Errc::NotFound if there is none, Errc::Unavailable for one of a newer version.
[[nodiscard]] Result<RecordedDatabase> open_recorded(const std::filesystem::path& root);

}  // namespace poltergeist::state
