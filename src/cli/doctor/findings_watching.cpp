// SPDX-License-Identifier: MIT
// The part of the judgement that is about watching, and about the limits that it meets.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/doctor/findings.h"

namespace poltergeist::cli::doctor {

namespace {

using watch::InotifyResource;

constexpr std::uint64_t kUsualQueue = 16'384;
constexpr std::uint64_t kFewOpenFiles = 256;
constexpr std::uint64_t kUsualOpenFiles = 4096;

bool is_nearly_all(std::uint64_t part, std::uint64_t whole) {
  return part * 5 > whole * 4;
}

Finding backend_finding(const Facts& facts) {
  const auto& watch = *facts.watch;
  Finding finding{.section = Section::Watching, .name = "back end", .found = watch.backend};
  if (!watch.choice.empty()) {
    finding.level = Level::Note;
    finding.found += ": " + watch.choice;
    finding.advice = watch.backend == "poll"
                         ? "nothing, if two seconds are soon enough; else a directory on a local "
                           "file system"
                         : "leave `watcher.backend` out, and it is not tried";
  }
  if (!watch.shortfall.empty()) {
    finding.level = Level::Warning;
    finding.found += ": " + watch.shortfall;
    finding.advice = "mend what is said there; it is tried again and again, and polled meanwhile";
  }
  return finding;
}

Finding probe_finding(const Facts& facts) {
  Finding finding{.section = Section::Watching, .name = "events"};
  const auto type = facts.file_system.type.empty() ? std::string("a file system of unknown kind")
                                                   : facts.file_system.type;
  finding.found = fmt::format("a file that was written in the root was heard of ({})", type);
  if (!facts.probe.not_tried.empty()) {
    finding.level = Level::Note;
    finding.found = fmt::format("not tried: {} ({})", facts.probe.not_tried, type);
    finding.advice = "nothing, if nobody is to write there";
  } else if (!facts.probe.heard) {
    const bool is_polled = facts.watch && facts.watch->backend == "poll";
    finding.level = is_polled ? Level::Note : Level::Warning;
    finding.found = fmt::format("a file that was written in the root was not heard of ({})", type);
    finding.advice = is_polled ? "nothing: the tree is polled"
                               : "set `watcher.backend` to \"poll\", or move the project to a "
                                 "local file system";
  }
  return finding;
}

Finding tree_finding(const WatchFacts& watch) {
  Finding finding{.section = Section::Watching, .name = "tree"};
  finding.figures = {{"files", watch.files}, {"directories", watch.directories}};
  finding.found =
      fmt::format("{}: {} files in {} directories", watch.state, watch.files, watch.directories);
  if (!watch.reason.empty()) finding.found += "; " + watch.reason;
  if (watch.state == "degraded") {
    finding.level = Level::Warning;
    finding.advice =
        "mend what is said there, or exclude it; until then nothing is lost, but "
        "changes are found later";
  } else if (watch.state == "failed") {
    finding.level = Level::Problem;
    finding.advice = "mend what is said there; nothing is built until then";
  } else if (watch.state == "rescanning") {
    finding.level = Level::Note;
    finding.advice = "nothing: the tree is being compared";
  }
  return finding;
}

Finding history_finding(const Facts& facts) {
  const auto& watch = *facts.watch;
  Finding finding{.section = Section::Watching, .name = "history"};
  finding.figures = {{"hints", watch.hints},
                     {"overflows", watch.overflows},
                     {"rescans", watch.rescans},
                     {"rewritten", watch.rewritten},
                     {"unheard", watch.unheard}};
  finding.found = fmt::format(
      "{} hints, {} overflows, {} comparisons of the whole tree, {} files written with the same "
      "bytes",
      watch.hints, watch.overflows, watch.rescans, watch.rewritten);
  if (watch.unheard > 0) {
    finding.level = Level::Warning;
    finding.found += fmt::format("; {} changes were found that no event told of", watch.unheard);
    finding.advice =
        "set `watcher.backend` to \"poll\" if they are to be found at once, or let nobody write "
        "there behind the kernel's back";
    return finding;
  }
  if (watch.overflows == 0) return finding;
  const auto queue = std::max(kUsualQueue, facts.limits.queued_events.value_or(0));
  finding.level = Level::Note;
  finding.advice = "a longer queue spares comparisons; nothing was lost";
  finding.command = fmt::format("sudo sysctl fs.inotify.max_queued_events={}", 4 * queue);
  return finding;
}

// How much of an inotify limit is left for a daemon of this project: what the others leave.
std::uint64_t left_of(std::uint64_t limit, std::uint64_t used, std::uint64_t own) {
  const auto others = used - std::min(own, used);
  return limit - std::min(others, limit);
}

Finding watches_finding(const Facts& facts) {
  const auto& limits = facts.limits;
  const bool counts = facts.watch && facts.watch->backend == "inotify";
  const auto needed = counts ? facts.watch->watches_needed : 0;
  Finding finding{.section = Section::Limits, .name = "inotify watches"};
  finding.found =
      fmt::format("{}, of which at least {} are taken", limits.watches.value, limits.use.watches);
  finding.found += counts ? fmt::format("; this project needs {}", needed)
                          : std::string("; this project is not watched by inotify");
  finding.figures = {
      {"limit", limits.watches.value}, {"used", limits.use.watches}, {"needed", needed}};
  const auto left = left_of(limits.watches.value, limits.use.watches, limits.daemons.watches);
  const bool is_short = needed > left || (counts && facts.watch->polled > 0);
  const bool is_tight = is_nearly_all(limits.watches.value - left + needed, limits.watches.value);
  if (!is_short && !(is_tight && counts)) return finding;
  finding.level = is_short ? Level::Warning : Level::Note;
  finding.advice = is_short ? "raise the limit; what has no watch is polled until then. A file in "
                              "/etc/sysctl.d keeps it over a restart of the system"
                            : "raise the limit before it is met";
  finding.command = watch::raise_command(InotifyResource::Watches, limits.watches, needed);
  return finding;
}

Finding instances_finding(const LimitFacts& limits) {
  Finding finding{.section = Section::Limits, .name = "inotify instances"};
  finding.found = fmt::format("{}, of which at least {} are taken; a daemon needs 1",
                              limits.instances.value, limits.use.instances);
  finding.figures = {
      {"limit", limits.instances.value}, {"used", limits.use.instances}, {"needed", 1}};
  const auto left = left_of(limits.instances.value, limits.use.instances, limits.daemons.instances);
  const bool is_short = left < 1;
  if (!is_short && !is_nearly_all(limits.use.instances, limits.instances.value)) return finding;
  finding.level = is_short ? Level::Warning : Level::Note;
  finding.advice = is_short ? "raise the limit; the whole tree is polled until then"
                            : "raise the limit before it is met";
  finding.command = watch::raise_command(InotifyResource::Instances, limits.instances, 1);
  return finding;
}

Finding queue_finding(const LimitFacts& limits) {
  Finding finding{.section = Section::Limits, .name = "inotify queue", .found = "not known"};
  if (!limits.queued_events) return finding;
  finding.found = fmt::format("{} events", *limits.queued_events);
  finding.figures = {{"limit", *limits.queued_events}};
  if (*limits.queued_events >= kUsualQueue) return finding;
  finding.level = Level::Note;
  finding.advice = "the usual length spares comparisons of the whole tree";
  finding.command = fmt::format("sudo sysctl fs.inotify.max_queued_events={}", kUsualQueue);
  return finding;
}

Finding open_files_finding(const LimitFacts& limits) {
  Finding finding{.section = Section::Limits, .name = "open files"};
  finding.found =
      fmt::format("{} (at most {} on demand)", limits.open_files_soft, limits.open_files_hard);
  finding.figures = {{"soft", limits.open_files_soft}, {"hard", limits.open_files_hard}};
  if (limits.open_files) {
    finding.found += fmt::format(", {} are open", *limits.open_files);
    finding.figures["used"] = *limits.open_files;
  }
  const bool is_full = is_nearly_all(limits.open_files.value_or(0), limits.open_files_soft);
  if (limits.open_files_soft >= kFewOpenFiles && !is_full) return finding;
  const auto enough = std::max(kUsualOpenFiles, 2 * limits.open_files_soft);
  finding.level = Level::Warning;
  finding.advice = "raise the limit in the shell that starts the daemon";
  finding.command =
      fmt::format("ulimit -n {} && poltergeist restart", std::min(enough, limits.open_files_hard));
  return finding;
}

}  // namespace

std::vector<Finding> watching_findings(const Facts& facts) {
  std::vector<Finding> findings;
  if (facts.watch) findings.push_back(backend_finding(facts));
  findings.push_back(probe_finding(facts));
  if (!facts.watch) return findings;
  findings.push_back(tree_finding(*facts.watch));
  const bool is_told = facts.daemon && facts.daemon->life == DaemonFacts::Life::Alive;
  if (is_told) findings.push_back(history_finding(facts));
  return findings;
}

std::vector<Finding> limit_findings(const Facts& facts) {
  return {watches_finding(facts), instances_finding(facts.limits), queue_finding(facts.limits),
          open_files_finding(facts.limits)};
}

}  // namespace poltergeist::cli::doctor
