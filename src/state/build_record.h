// SPDX-License-Identifier: MIT
// What is remembered of a target's builds, as values: the last one, the last failure, the figures.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/enum_names.h"
#include "base/id.h"
#include "base/time.h"
#include "base/timing.h"

namespace poltergeist::state {

enum class BuildStatus { Idle, Building, Success, Failure };
inline constexpr auto kBuildStatuses = std::to_array<EnumName<BuildStatus>>({
    {BuildStatus::Idle, "idle"},
    {BuildStatus::Building, "building"},
    {BuildStatus::Success, "success"},
    {BuildStatus::Failure, "failure"},
});

// How a build ended. A cancelled one leaves no verdict: what was known before it counts again.
enum class BuildVerdict { Success, Failure, Cancelled };
inline constexpr auto kBuildVerdicts = std::to_array<EnumName<BuildVerdict>>({
    {BuildVerdict::Success, "success"},
    {BuildVerdict::Failure, "failure"},
    {BuildVerdict::Cancelled, "cancelled"},
});

using poltergeist::Diagnostic;
using poltergeist::kSeverities;
using poltergeist::Severity;

struct Progress {
  std::int64_t current = 0;
  std::int64_t total = 0;
  int percent = 0;
  std::string label;
  WallTime updated_at{};

  friend bool operator==(const Progress&, const Progress&) = default;
};

inline constexpr std::size_t kMostTrigger = 20;
inline constexpr std::size_t kMostDiagnostics = 50;
inline constexpr std::size_t kMostErrorLines = 20;
inline constexpr std::size_t kMostSuccessfulBuilds = 10;

struct LastBuild {
  BuildId id;
  BuildStatus status = BuildStatus::Idle;
  WallTime timestamp{};                  // when it got this status
  std::optional<Milliseconds> duration;  // once it has ended
  std::string git_hash;                  // empty: no repository, or not known
  std::string builder;                   // "executable", "npm", …
  std::vector<std::string> trigger;      // the first of the changed paths
  std::optional<int> exit_code;
  std::optional<int> signal;  // that killed it
  std::string error;          // all that is to say about a failure; empty: nothing
  std::string error_summary;  // in one line
  std::vector<Diagnostic> diagnostics;
  std::optional<Progress> progress;            // while it is building
  std::optional<WallTime> stalled_since;       // while it is building, and shows no sign of life
  std::vector<std::string> artifacts;          // what a success left behind, absolute
  std::map<std::string, std::string> outputs;  // what it set (`::set-output`); valid UTF-8
  std::optional<Timing> timing;                // the stages so far; its runner's come later

  friend bool operator==(const LastBuild&, const LastBuild&) = default;
};

struct LastBuildError {
  int exit_code = 0;
  std::vector<std::string> error_output;  // the lines that say what is wrong
  std::vector<std::string> last_output;   // the last lines, whatever they say
  std::string command;
  WallTime timestamp{};

  friend bool operator==(const LastBuildError&, const LastBuildError&) = default;
};

struct SuccessfulBuild {
  Milliseconds duration{};
  WallTime timestamp{};

  friend bool operator==(const SuccessfulBuild&, const SuccessfulBuild&) = default;
};

struct BuildStats {
  std::uint64_t count = 0;  // builds that came to a verdict
  std::uint64_t successes = 0;
  std::vector<SuccessfulBuild> recent;  // the last successful ones, oldest first

  // Over `recent`; nothing if there was none.
  [[nodiscard]] std::optional<Milliseconds> average() const;
  [[nodiscard]] std::optional<Milliseconds> shortest() const;
  [[nodiscard]] std::optional<Milliseconds> longest() const;

  friend bool operator==(const BuildStats&, const BuildStats&) = default;
};

}  // namespace poltergeist::state
