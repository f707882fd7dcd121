// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <algorithm>

#include "config/fields.h"
#include "config/glob_syntax.h"
#include "config/keys.h"
#include "config/located_json.h"
#include "config/reading.h"
#include "config/target_checks.h"
#include "config/target_reader.h"
#include "config/task_reader.h"

namespace poltergeist::config {

namespace {

constexpr std::size_t kKilobyte = 1024;

// The fields of a section of the file, or of a section in it; nothing if it is absent.
std::optional<Fields> section_of(const Section& parent, const Fields& fields, std::string_view name,
                                 Reading& reading) {
  const auto* json = fields.object(name);
  if (json == nullptr) return std::nullopt;
  return Fields(*parent.find(name)->section, *json, reading);
}

std::vector<IgnoreRule> read_rules(const Section& section, const JsonArray& list,
                                   Reading& reading) {
  std::vector<IgnoreRule> rules;
  for (const auto& json : list) {
    const Fields fields(section, json, reading);
    IgnoreRule rule;
    fields.read("pattern", rule.pattern);
    fields.read("reason", rule.reason);
    fields.read("enabled", rule.enabled);
    rule.place = fields.place_of("pattern");
    if (!rule.pattern.empty()) {
      if (const auto problem = problem_with_pattern(rule.pattern)) {
        reading.problem(rule.place, "{} {}", in_quotes(rule.pattern), *problem);
      }
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

void check_excluded(const JsonArray& patterns, Reading& reading) {
  for (const auto& entry : patterns) {
    const auto& pattern = text_of(entry);
    if (const auto problem = problem_with_pattern(pattern)) {
      reading.problem(entry.place, "{} in \"excludeDirs\" {}", in_quotes(pattern), *problem);
    }
  }
}

Watcher read_watcher(const Section& section, const Fields& fields, Reading& reading) {
  Watcher watcher;
  fields.read_choice("backend", kWatchBackends, watcher.backend);
  fields.read("useDefaultExclusions", watcher.use_default_exclusions);
  fields.read("gitignore", watcher.gitignore);
  fields.read("auditSeconds", watcher.audit_interval);
  fields.read("touchBuilds", watcher.touch_builds);
  fields.read("excludeDirs", watcher.exclude_dirs);
  check_excluded(fields.list("excludeDirs"), reading);
  watcher.rules = read_rules(*section.find("rules")->section, fields.list("rules"), reading);
  fields.read("settlingDelay", watcher.settling_delay);
  fields.read("maxSettlingDelay", watcher.max_settling_delay);
  if (watcher.max_settling_delay >= watcher.settling_delay) return watcher;
  if (fields.has("maxSettlingDelay")) {
    reading.problem(fields.place_of("maxSettlingDelay"),
                    "\"maxSettlingDelay\" must not be less than \"settlingDelay\" ({} ms)",
                    watcher.settling_delay.count());
  }
  // A quiet window of five seconds was asked for: the default limit must not cut it off.
  watcher.max_settling_delay = watcher.settling_delay;
  return watcher;
}

BuildScheduling read_scheduling(const Section& section, const Fields& fields, Reading& reading) {
  BuildScheduling scheduling;
  fields.read("parallelization", scheduling.parallelization);
  fields.read_choice("onChange", kOnChange, scheduling.on_change);
  if (const auto order = section_of(section, fields, "prioritization", reading)) {
    auto& prioritization = scheduling.prioritization;
    order->read("enabled", prioritization.enabled);
    order->read("focusDetectionWindow", prioritization.focus_detection_window);
    order->read("priorityDecayTime", prioritization.priority_decay_time);
  }
  return scheduling;
}

Notifications read_notifications(const Fields& fields) {
  Notifications notifications;
  fields.read("enabled", notifications.enabled);
  fields.read("buildStart", notifications.build_start);
  fields.read("buildSuccess", notifications.build_success);
  fields.read("buildFailed", notifications.build_failed);
  fields.read("successSound", notifications.success_sound);
  fields.read("failureSound", notifications.failure_sound);
  return notifications;
}

Logging read_logging(const Fields& fields) {
  Logging logging;
  fields.read("file", logging.file);
  fields.read_choice("level", kLogLevels, logging.level);
  fields.read_choice("format", kLogFormats, logging.format);
  int kilobytes = static_cast<int>(logging.max_output / kKilobyte);
  fields.read("maxOutputSizeKb", kilobytes);
  logging.max_output = static_cast<std::size_t>(kilobytes) * kKilobyte;
  return logging;
}

void read_targets(const JsonArray& list, Project& project, Reading& reading) {
  std::vector<ReadTarget> read;
  for (const auto& json : list) {
    if (reading.full()) return;
    read.push_back(read_target(json, project.root, reading));
  }
  check_targets(read, reading);
  for (auto& [target, depends_on, log_channels, tasks] : read) {
    check_named_tasks(tasks, project, reading);
    // As for the project: a target's own quiet window is not cut off by a limit it did not set.
    const auto quiet = target.settling_delay;
    if (quiet && !target.max_settling_delay && *quiet > project.watcher.max_settling_delay) {
      target.max_settling_delay = quiet;
    }
    project.targets.push_back(std::move(target));
  }
}

// Read for their checks alone.
void check_unused(const Section& top, const Fields& fields, Reading& reading) {
  if (const auto performance = section_of(top, fields, "performance", reading)) {
    static_cast<void>(
        section_of(*top.find("performance")->section, *performance, "metrics", reading));
  }
  for (const auto* name : {"statusScripts", "summaryScripts"}) {
    for (const auto& json : fields.list(name)) {
      const Fields checked(*top.find(name)->section, json, reading);
    }
  }
}

Project read_project(const Json& json, const std::filesystem::path& file, Reading& reading) {
  const Section& top = project_section();
  const Fields fields(top, json, reading);
  Project project;
  project.file = file;
  project.root = file.parent_path();
  fields.read_choice("projectType", kProjectTypes, project.type);
  if (const auto watcher = section_of(top, fields, "watcher", reading)) {
    project.watcher = read_watcher(*top.find("watcher")->section, *watcher, reading);
  }
  if (const auto scheduling = section_of(top, fields, "buildScheduling", reading)) {
    project.scheduling =
        read_scheduling(*top.find("buildScheduling")->section, *scheduling, reading);
  }
  if (const auto notifications = section_of(top, fields, "notifications", reading)) {
    project.notifications = read_notifications(*notifications);
  }
  if (const auto logging = section_of(top, fields, "logging", reading)) {
    project.logging = read_logging(*logging);
  }
  if (const auto state = section_of(top, fields, "state", reading)) {
    state->read("heartbeatSeconds", project.heartbeat);
  }
  if (const auto* worker = fields.object("worker")) {
    project.worker = read_worker(*top.find("worker")->section, *worker, reading);
  }
  project.tasks =
      read_tasks(*top.find("tasks")->section, fields.list("tasks"), project.worker, reading);
  check_unused(top, fields, reading);
  read_targets(fields.list("targets"), project, reading);
  return project;
}

}  // namespace

tl::expected<Loaded, std::vector<Problem>> load_project(std::string_view text,
                                                        const std::filesystem::path& file,
                                                        const Environment& environment) {
  const auto json = parse_located(text);
  if (!json) return tl::unexpected(std::vector{json.error()});
  Reading reading(environment);
  for (const auto& duplicate : json->duplicates) reading.problem(duplicate);
  auto project = read_project(json->root, file, reading);
  if (!reading.good()) return tl::unexpected(reading.take_problems());
  return Loaded{std::move(project), reading.take_notes()};
}

}  // namespace poltergeist::config
