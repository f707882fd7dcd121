// SPDX-License-Identifier: MIT
#include "cli/known_state.h"

#include <nlohmann/json.hpp>

#include "state/daemon_file.h"
#include "state/history.h"
#include "state/pause_flag.h"
#include "state/target_state_json.h"
#include "state/timing_figures.h"
#include "sys/clock.h"
#include "sys/file_lock.h"

namespace poltergeist::cli {

namespace {

nlohmann::json entry_for(const ProjectAt& project, const config::Target& target, Daemon daemon) {
  auto entry = nlohmann::json::object();
  auto status = state::BuildStatus::Idle;
  if (auto known = state::load_state(project.paths.state_file(target.name))) {
    if (daemon == Daemon::None) state::recovered_after_crash(*known, wall_now());
    // As whoever reads the file sees it, and as it comes over the socket.
    entry = nlohmann::json::parse(state::state_text(*known));
    status = known->status();
  }
  entry["status"] = name_in(state::kBuildStatuses, status);
  entry["enabled"] = target.enabled;
  entry["type"] = name_in(config::kTargetTypes, target.type);
  if (const auto command = build_command(target); !command.empty()) {
    entry["buildCommand"] = command;
  }
  return entry;
}

}  // namespace

std::string build_command(const config::Target& target) {
  if (const auto* command = std::get_if<config::CommandKind>(&target.kind)) {
    return command->build_command;
  }
  if (const auto* test = std::get_if<config::TestKind>(&target.kind)) return test->test_command;
  if (const auto* npm = std::get_if<config::NpmKind>(&target.kind)) {
    return "npm script " + npm->build_script;
  }
  if (const auto* cmake = std::get_if<config::CMakeKind>(&target.kind)) {
    return "cmake target " + cmake->target_name;
  }
  return {};
}

nlohmann::json last_known(const ProjectAt& project, const config::Project& loaded, Daemon daemon) {
  nlohmann::json targets = nlohmann::json::object();
  for (const auto& target : loaded.targets) {
    targets[target.name.value()] = entry_for(project, target, daemon);
  }
  nlohmann::json document = {{"paused", state::is_paused(project.paths)},
                             {"targets", std::move(targets)}};
  if (daemon == Daemon::Silent) {
    document["daemon"] = {{"answers", false}};
    const auto info = state::read_daemon_file(project.paths);
    if (info && info->pid > 0) document["daemon"]["pid"] = info->pid;
  }
  return document;
}

Result<nlohmann::json> recorded_timing(const ProjectAt& project, const config::Project& loaded) {
  nlohmann::json targets = nlohmann::json::object();
  for (const auto& target : loaded.targets) {
    const auto timings = state::recorded_timings(project.root(), target.name, state::kTimedBuilds);
    if (!timings && timings.error().code != Errc::NotFound) return fail(timings.error());
    targets[target.name.value()] =
        state::to_json(state::figures_of(timings.value_or(std::vector<Timing>())));
  }
  return nlohmann::json{{"targets", std::move(targets)}};
}

bool is_building(const ProjectAt& project, const TargetId& target) {
  const auto known = state::load_state(project.paths.state_file(target));
  return known && known->status() == state::BuildStatus::Building &&
         FileLock::is_held(project.paths.lock());
}

}  // namespace poltergeist::cli
