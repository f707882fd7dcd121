// SPDX-License-Identifier: MIT
// The executions of a project's tasks, and the state that their attempts leave for later ones, kept
// over restarts in the project's database. An execution is written down when it is queued, before
// each attempt and when it settles; what was settled stays as it is. Whatever goes wrong is an
// Error and nothing more: the daemon goes on. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/enum_names.h"
#include "base/id.h"
#include "base/outcome.h"
#include "base/result.h"
#include "base/time.h"

namespace poltergeist::state {

class Journal;
class ProjectDatabase;

// Waiting: for its next attempt. Settled: for good.
enum class ExecutionStatus { Queued, Running, Waiting, Settled };
inline constexpr auto kExecutionStatuses = std::to_array<EnumName<ExecutionStatus>>({
    {ExecutionStatus::Queued, "queued"},
    {ExecutionStatus::Running, "running"},
    {ExecutionStatus::Waiting, "waiting"},
    {ExecutionStatus::Settled, "settled"},
});

struct ExecutionEntry {
  ExecutionId id;
  TaskId task;
  std::string queue;
  std::string input;  // a JSON object, secrets taken out
  // Secrets of the input are in the memory of the daemon alone: it cannot be tried after a restart.
  bool input_withheld = false;
  // What the caller asked for instead of the task's own.
  std::optional<int> max_retries = std::nullopt;
  std::optional<Milliseconds> timeout = std::nullopt;
  ExecutionStatus status = ExecutionStatus::Queued;
  int attempt = 0;      // the number of the last one that began; 0: none yet
  std::string trigger;  // "exec", "hook:<target>"
  WallTime queued_at{};
  std::optional<WallTime> started_at = std::nullopt;
  std::optional<WallTime> ended_at = std::nullopt;  // once settled: kept as queued_at if absent
  std::optional<WallTime> retry_at = std::nullopt;
  std::optional<ExecutionOutcome> outcome = std::nullopt;
  std::optional<FailureKind> failure_kind = std::nullopt;
  std::string result;  // the result JSON, once settled

  friend bool operator==(const ExecutionEntry&, const ExecutionEntry&) = default;
};

// Those of which all hold.
struct ExecutionFilter {
  TaskId task = {};  // empty: any
  std::optional<ExecutionStatus> status = std::nullopt;
};

class Executions {
 public:
  // What is kept of the settled ones: so many, and so many bytes of their inputs and results. Those
  // that ended first are forgotten, with their state and events; the last is kept in any case. They
  // go when there are so many more, together, because one by one costs as much as writing one down;
  // for their bytes no more of them go at once, because the event loop stands still meanwhile.
  static constexpr int kKept = 10'000;
  static constexpr int kForgottenAtOnce = 64;
  static constexpr std::int64_t kKeptBytes = std::int64_t{64} << 20U;
  // Of the state of one scope: keys, and bytes of a key with its value.
  static constexpr std::size_t kMostKeys = 256;
  static constexpr std::size_t kMostStateBytes = std::size_t{64} * 1024;

  // With a database of its own.
  [[nodiscard]] static Result<Executions> open(const std::filesystem::path& root);
  // What the journal (of the same database) has not written yet is written with what is written
  // here, as one: an execution is never settled without the event that says so.
  explicit Executions(std::shared_ptr<ProjectDatabase> database, Journal* journal = nullptr);
  Executions(Executions&&) noexcept;
  Executions& operator=(Executions&&) noexcept;
  ~Executions();

  // A number for an execution: one more than any before it, across restarts. Errc::Busy if another
  // program holds the database.
  [[nodiscard]] Result<ExecutionId> next();
  // Writes down what is known of one now; when it has returned, no kill takes that back (a power
  // cut may). Errc::Invalid if it is settled already: the first end is the end. Errc::Busy: it is
  // kept in memory and written with the next call (or by flush()).
  [[nodiscard]] Result<void> update(const ExecutionEntry& entry) { return update({&entry}); }
  // The same of several, all at once or none.
  [[nodiscard]] Result<void> update(const std::vector<const ExecutionEntry*>& entries);
  [[nodiscard]] Result<void> flush();

  // Nothing if it is not known (any more).
  [[nodiscard]] Result<std::optional<ExecutionEntry>> find(ExecutionId id);
  // The last n, newest first.
  [[nodiscard]] Result<std::vector<ExecutionEntry>> recent(int n,
                                                           const ExecutionFilter& filter = {});
  // All that are to go on, oldest first.
  [[nodiscard]] Result<std::vector<ExecutionEntry>> unsettled();

  // What a scope remembers: "execution:17", "target:app", "hook:app/name". Errc::Invalid for a key
  // that is empty, and beyond the limits above; nothing changes then.
  [[nodiscard]] Result<void> set_state(const std::string& scope, const std::string& key,
                                       const std::string& value);
  [[nodiscard]] Result<std::map<std::string, std::string>> state_of(const std::string& scope);
  [[nodiscard]] Result<void> forget_state(const std::string& scope);

 private:
  [[nodiscard]] Result<std::optional<ExecutionId>> write_all(
      const std::vector<const ExecutionEntry*>& entries);
  void keep_unwritten(const std::vector<const ExecutionEntry*>& entries);

  std::shared_ptr<ProjectDatabase> database_;
  Journal* journal_;
  ExecutionId last_;  // the highest number given: a file that is begun anew does not know it
  bool knows_last_ = false;
  std::map<ExecutionId, ExecutionEntry> unwritten_;
};

// What recent() and find() say, for those who do not hold the project's lock: nothing is repaired
// or changed. Errc::NotFound if there is no database.
[[nodiscard]] Result<std::vector<ExecutionEntry>> recorded_executions(
    const std::filesystem::path& root, int n, const ExecutionFilter& filter = {});
[[nodiscard]] Result<std::optional<ExecutionEntry>> recorded_execution(
    const std::filesystem::path& root, ExecutionId id);

}  // namespace poltergeist::state
