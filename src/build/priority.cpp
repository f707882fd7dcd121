// SPDX-License-Identifier: MIT
#include "build/priority.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "build/core.h"

namespace poltergeist::build {

namespace {

constexpr Duration kSpan = Seconds(10);
constexpr int kResultsKept = 20;
constexpr double kSlowSeconds = 30;

// What a change says about the intent of a person.
constexpr double kDirect = 1.0;
constexpr double kShared = 0.7;
constexpr double kGenerated = 0.3;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

using Owners = std::unordered_map<std::string_view, int>;

Owners owners_of(const std::vector<Touched>& touched) {
  Owners owners;
  for (const auto& target : touched) {
    for (const auto& path : target.paths) ++owners[path.text()];
  }
  return owners;
}

double weight_of(const RelPath& path, const Owners& owners) {
  if (is_generated(path)) return kGenerated;
  return owners.at(path.text()) == 1 ? kDirect : kShared;
}

}  // namespace

bool is_generated(const RelPath& path) {
  const auto& text = path.text();
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  return has(".generated.") || has("/build/") || has(".build/") || text.starts_with("build/") ||
         path.name() == "Version.swift";
}

void Priority::add(History& history, double changes, double direct, Duration keep, Instant now) {
  while (!history.empty() && now - history.front().newest > keep) history.pop_front();
  if (history.empty() || now - history.back().newest > kSpan) history.push_back({});
  auto& span = history.back();
  span.newest = now;
  span.changes += changes;
  span.direct += direct;
}

void Priority::on_changes(const std::vector<Touched>& touched,
                          const config::Prioritization& settings, Instant now) {
  if (!settings.enabled || touched.empty()) return;
  const auto owners = owners_of(touched);
  for (const auto& target : touched) {
    double direct = 0;
    for (const auto& path : target.paths) direct += weight_of(path, owners);
    add(records_[target.target].changes, static_cast<double>(target.paths.size()), direct,
        settings.priority_decay_time, now);
  }
  add(all_, static_cast<double>(owners.size()), 0, settings.priority_decay_time, now);
}

void Priority::on_built(const TargetId& target, bool success, Duration took) {
  auto& record = records_[target];
  record.results = (record.results << 1U) | (success ? 1U : 0U);
  record.results &= (1U << unsigned{kResultsKept}) - 1U;
  record.result_count = std::min(record.result_count + 1, kResultsKept);
  constexpr double kWeight = 0.1;
  record.average_seconds = record.result_count == 1
                               ? seconds(took)
                               : record.average_seconds * (1 - kWeight) + seconds(took) * kWeight;
}

void Priority::forget(const TargetId& target) {
  records_.erase(target);
}

double Priority::base_points(const Record& record, std::size_t triggering,
                             const config::Prioritization& settings, Instant now) const {
  double direct = 0;
  for (const auto& span : record.changes) {
    if (now - span.newest <= settings.focus_detection_window) direct += span.direct;
  }
  double points = 25 * static_cast<double>(triggering);
  if (direct > 0) {
    const double age = seconds(now - record.changes.back().newest);
    const double decay =
        std::exp(-age / std::max(0.001, seconds(Duration(settings.priority_decay_time))));
    points += (100 * direct + 50) * decay;
  }
  return points;
}

double Priority::focus_factor(const Record& record, const config::Prioritization& settings,
                              Instant now) const {
  const auto recent = [&](const History& history) {
    double changes = 0;
    for (const auto& span : history) {
      if (now - span.newest <= settings.priority_decay_time) changes += span.changes;
    }
    return changes;
  };
  const double all = recent(all_);
  const double share = all > 0 ? recent(record.changes) / all : 0;
  if (share >= 0.8) return 2.0;
  if (share >= 0.5) return 1.5;
  if (share >= 0.3) return 1.2;
  return 1.0;
}

double Priority::score(const TargetId& target, std::size_t triggering,
                       const config::BuildScheduling& scheduling, Instant now) const {
  const auto& settings = scheduling.prioritization;
  const auto found = records_.find(target);
  if (!settings.enabled || found == records_.end()) return 0;
  const auto& record = found->second;
  const double success_rate =
      record.result_count == 0 ? 1.0 : std::popcount(record.results) / double(record.result_count);
  double score = base_points(record, triggering, settings, now) *
                 focus_factor(record, settings, now) * (0.5 + 0.5 * success_rate);
  // With a single slot a slow build keeps all others waiting.
  if (scheduling.parallelization == 1 && record.average_seconds > kSlowSeconds) score *= 0.8;
  return std::min(score, kMostScore);
}

}  // namespace poltergeist::build
