// SPDX-License-Identifier: MIT
#include "daemon/watch_options.h"

#include "base/log.h"
#include "watch/default_exclusions.h"
#include "watch/git_places.h"

namespace poltergeist::daemon {

namespace {

constexpr std::string_view kConfigurationName = "(configuration)";

watch::Ecosystem ecosystem_of(config::ProjectType type) {
  // The names are the same in both tables (watch/default_exclusions.h).
  return value_in(watch::kEcosystems, name_in(config::kProjectTypes, type))
      .value_or(watch::Ecosystem::Mixed);
}

watch::TargetOptions options_for(const config::Target& target) {
  watch::TargetOptions options{
      .name = target.name.value(), .watch_paths = target.watch_paths, .outputs = {}};
  if (!target.output_path.empty()) options.outputs.push_back(target.output_path);
  if (const auto* npm = std::get_if<config::NpmKind>(&target.kind)) {
    options.outputs.insert(options.outputs.end(), npm->output_paths.begin(),
                           npm->output_paths.end());
  }
  return options;
}

}  // namespace

watch::Backend watch_backend_for(const config::Project& project) {
  return value_in(watch::kBackends, name_in(config::kWatchBackends, project.watcher.backend))
      .value_or(watch::Backend::Auto);
}

watch::Options watch_options_for(const config::Project& project,
                                 const std::filesystem::path& state_dir) {
  watch::Options options;
  for (const auto& target : project.targets) {
    options.targets.push_back(options_for(target));
  }
  // The configuration is one more thing that is watched, by the same means.
  if (const auto file = RelPath::below(project.root, project.file)) {
    options.targets.push_back(
        {.name = std::string(kConfigurationName), .watch_paths = {file->text()}, .outputs = {}});
  }
  const auto& watcher = project.watcher;
  for (const auto& rule : watcher.rules) {
    if (!rule.enabled) continue;
    options.rules.push_back({.pattern = rule.pattern,
                             .reason = rule.reason,
                             .place = fmt::format("{}:{}:{}", project.file.filename().string(),
                                                  rule.place.line, rule.place.column)});
  }
  options.exclude_dirs = watcher.exclude_dirs;
  if (watcher.use_default_exclusions) {
    options.default_exclusions = watch::default_exclusions_for(ecosystem_of(project.type));
  }
  options.touch_builds = watcher.touch_builds;
  options.audit_interval = watcher.audit_interval;
  options.gitignore = watcher.gitignore;
  if (watcher.gitignore) {
    options.global_excludes = watch::find_global_excludes().value_or(std::filesystem::path());
  }
  options.never = {state_dir};
  const auto never = [&](const std::string& file) {
    if (!file.empty()) options.never.push_back((project.root / file).lexically_normal());
  };
  for (const auto& target : project.targets) {
    if (!target.auto_run) continue;
    never(target.auto_run->port_file);
    for (const auto& address : target.auto_run->listen) never(address.path);
  }
  if (!project.logging.file.empty()) {
    for (auto& file : files_of_log(project.log_file())) options.never.push_back(std::move(file));
  }
  return options;
}

}  // namespace poltergeist::daemon
