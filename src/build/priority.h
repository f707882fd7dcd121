// SPDX-License-Identifier: MIT
// Which target deserves the next free slot: the one that somebody is working on. A score from the
// changes of the last minutes, the share of them that a target has, and how often it builds at all.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "base/id.h"
#include "base/paths.h"
#include "base/time.h"
#include "config/project.h"

namespace poltergeist::build {

struct Touched;

// Points that waiting is worth. The score is capped, so whoever has waited kMostScore /
// kPointsPerSecond longer than another goes first whatever the scores are: nothing starves.
inline constexpr double kPointsPerSecond = 10;
inline constexpr double kMostScore = 600;
// Somebody waits for this target.
inline constexpr double kUrgentPoints = 2 * kMostScore;

class Priority {
 public:
  void on_changes(const std::vector<Touched>& touched, const config::Prioritization& settings,
                  Instant now);
  void on_built(const TargetId& target, bool success, Duration took);
  void forget(const TargetId& target);

  // 0 to kMostScore; 0 for all when prioritisation is off. `triggering` changes wait for the build.
  [[nodiscard]] double score(const TargetId& target, std::size_t triggering,
                             const config::BuildScheduling& scheduling, Instant now) const;

 private:
  // The changes of some seconds, taken together so that the history stays short.
  struct Span {
    Instant newest{};
    double changes = 0;  // files that changed
    double direct = 0;   // those that concern this target alone, weighted
  };
  using History = std::deque<Span>;
  struct Record {
    History changes;
    // The last results, newest in bit 0.
    std::uint32_t results = 0;
    int result_count = 0;
    double average_seconds = 0;
  };

  static void add(History& history, double changes, double direct, Duration keep, Instant now);
  [[nodiscard]] double base_points(const Record& record, std::size_t triggering,
                                   const config::Prioritization& settings, Instant now) const;
  [[nodiscard]] double focus_factor(const Record& record, const config::Prioritization& settings,
                                    Instant now) const;

  std::map<TargetId, Record> records_;
  History all_;
};

// True for what a tool wrote rather than a person.
[[nodiscard]] bool is_generated(const RelPath& path);

}  // namespace poltergeist::build
