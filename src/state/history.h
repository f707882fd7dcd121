// SPDX-License-Identifier: MIT
// The builds of a project, kept over restarts in <root>/.poltergeist/history.db (SQLite). Fresh or
// not at start is decided by what is remembered here. Whatever goes wrong is an Error and nothing
// more: the daemon goes on without a history. One thread, one connection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "state/build_record.h"

namespace poltergeist::state {

class ProjectDatabase;

struct BuildEntry {
  BuildId id;
  TargetId target;
  WallTime started_at{};
  Milliseconds duration{};
  BuildVerdict verdict = BuildVerdict::Failure;
  std::optional<int> exit_code;
  std::optional<int> signal;
  std::string git_hash;
  std::vector<std::string> trigger;
  std::string fingerprint;         // of the watched files that it read; empty: not known
  std::string output_fingerprint;  // of what it left behind; empty: nothing, or not known
  std::string reason;              // why it was built, in a sentence
  std::optional<Timing> timing = std::nullopt;

  friend bool operator==(const BuildEntry&, const BuildEntry&) = default;
};

struct LastSuccess {
  BuildId id;
  std::string fingerprint;
  std::string output_fingerprint;

  friend bool operator==(const LastSuccess&, const LastSuccess&) = default;
};

class History {
 public:
  // Builds kept of each target; its last success is kept in any case.
  static constexpr int kKeptPerTarget = 1000;

  // Opens or begins the history of the project at `root`. One that is corrupt is set aside as
  // history.db.corrupt and a new one begun; Errc::Unavailable for one of a newer version.
  [[nodiscard]] static Result<History> open(const std::filesystem::path& root);
  // Shares the database with the executions.
  explicit History(std::shared_ptr<ProjectDatabase> database);
  History(History&&) noexcept;
  History& operator=(History&&) noexcept;
  ~History();

  // One more than any build that was recorded or given a number here.
  [[nodiscard]] Result<BuildId> next_build_id();
  // Replaces what was recorded of the same build. Errc::Busy if another program holds the database:
  // the entry is kept in memory and written with the next call (or by flush()). The daemon never
  // waits for more than a moment.
  [[nodiscard]] Result<void> record(BuildEntry build);
  [[nodiscard]] Result<void> flush();
  // The files that a build read have other times now, and say the same.
  [[nodiscard]] Result<void> set_fingerprint(BuildId build, const std::string& fingerprint);
  // Nothing if no success is remembered.
  [[nodiscard]] Result<std::optional<LastSuccess>> last_success(const TargetId& target);
  // The last n builds, newest first; all targets' for an empty id.
  [[nodiscard]] Result<std::vector<BuildEntry>> recent(const TargetId& target, int n);
  // Of the last n builds that came to a verdict and have one, newest first.
  [[nodiscard]] Result<std::vector<Timing>> timings(const TargetId& target, int n);

 private:
  std::shared_ptr<ProjectDatabase> database_;
  std::vector<BuildEntry> unwritten_;
};

// What timings() says, for those who do not hold the project's lock: nothing is repaired or
// changed. Errc::NotFound if there is no history.
[[nodiscard]] Result<std::vector<Timing>> recorded_timings(const std::filesystem::path& root,
                                                           const TargetId& target, int n);

}  // namespace poltergeist::state
