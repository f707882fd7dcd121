// SPDX-License-Identifier: MIT
#include "cli/doctor/gather.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "cli/doctor/gather_daemon.h"
#include "cli/doctor/gather_limits.h"
#include "cli/doctor/rehearsal.h"
#include "cli/project_at.h"
#include "daemon/facts.h"
#include "daemon/prerequisites.h"
#include "daemon/used_programs.h"
#include "daemon/version.h"
#include "process/cgroup_branch.h"
#include "process/environment.h"
#include "state/state_dir.h"
#include "sys/files.h"
#include "watch/backend.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kShell = "/bin/sh";

ProbeFacts probe(const fs::path& root) {
  const auto heard = watch::probe_events(root);
  if (!heard) return {.heard = false, .not_tried = heard.error().message};
  return {.heard = *heard, .not_tried = {}};
}

// Where the state directory is or would be; state_dir.h decides, and says what is wrong with it.
fs::path wanted_state_dir() {
  const char* given = std::getenv("POLTERGEIST_STATE_DIR");
  return given != nullptr && *given != '\0' ? fs::path(given) : fs::path("/tmp/poltergeist");
}

StateFacts look_at_state(const Result<fs::path>& directory) {
  StateFacts facts;
  facts.directory = directory.value_or(wanted_state_dir());
  if (!directory) facts.trouble = directory.error().message;
  struct stat status {};
  facts.is_there = ::lstat(facts.directory.c_str(), &status) == 0;
  if (!facts.is_there) return facts;
  facts.owner = status.st_uid;
  facts.mode = status.st_mode & 07777;
  facts.file_system = file_system_of(facts.directory);
  facts.leftovers = leftover_temporaries(facts.directory);
  return facts;
}

ShellFacts look_at_shell() {
  ShellFacts facts{.path = kShell, .real = {}};
  std::error_code error;
  const auto real = fs::canonical(facts.path, error);
  if (!error && ::access(real.c_str(), X_OK) == 0) facts.real = real;
  return facts;
}

// Makes one as a daemon would, which is gone again at once.
CgroupFacts try_cgroup() {
  const auto branch = process::own_cgroup().and_then(process::CgroupBranch::create);
  if (!branch) return {.cgroup = {}, .trouble = branch.error().message};
  return {.cgroup = (*branch)->path().parent_path(), .trouble = {}};
}

std::vector<ToolFacts> look_at_tools(const std::optional<config::Project>& project,
                                     const fs::path& root) {
  const auto environment = process::own_environment();
  const auto path = process::environment_value(environment, "PATH");
  std::vector<ToolFacts> tools;
  for (const std::string name : {"git", "watchman"}) {
    tools.push_back({.name = name, .file = daemon::find_in_path(name, path)});
  }
  const auto used =
      project ? daemon::used_programs(*project, environment) : std::vector<daemon::UsedProgram>();
  for (const auto& program : used) {
    const auto name = fs::path(program.name).filename().string();
    const auto is_it = [&](const ToolFacts& tool) {
      return tool.name == name && tool.file == program.file;
    };
    if (const auto known = std::find_if(tools.begin(), tools.end(), is_it); known != tools.end()) {
      known->used_by = program.target;
    } else {
      tools.push_back({.name = name, .file = program.file, .used_by = program.target});
    }
  }
  auto asked = with_versions(tools, root);
  return asked ? std::move(*asked) : tools;
}

std::optional<config::Project> read_configuration(const fs::path& file, Facts& facts) {
  facts.configuration.file = file;
  auto loaded = load_configuration(file);
  if (!loaded) {
    facts.configuration.trouble = loaded.error().message;
    for (const auto line : lines_of(loaded.error().details)) {
      facts.configuration.problems.emplace_back(line);
    }
    return std::nullopt;
  }
  auto& project = loaded->project;
  facts.configuration.targets = project.targets.size();
  facts.configuration.missing_programs =
      daemon::missing_programs(project, process::own_environment());
  facts.wants_watchman = project.watcher.backend == config::WatchBackend::Watchman;
  return std::move(project);
}

}  // namespace

Facts gather_facts(const fs::path& file) {
  Facts facts;
  facts.root = file.parent_path();
  facts.version = daemon::kVersion;
  const auto project = read_configuration(file, facts);
  facts.file_system = file_system_of(facts.root);
  facts.probe = probe(facts.root);
  const auto directory = state::state_dir_from_environment();
  facts.state = look_at_state(directory);
  if (directory) {
    if (const auto paths = state::ProjectPaths::create(*directory, facts.root)) {
      ask_daemon({file, *paths}, facts);
    } else {
      facts.state.trouble = paths.error().message;
    }
  }
  if (!facts.watch && project) facts.watch = rehearse_watching(*project, facts.state.directory);
  facts.limits = look_at_limits(facts.daemon);
  if (!facts.daemon || facts.daemon->life == DaemonFacts::Life::Gone) facts.cgroup = try_cgroup();
  facts.shell = look_at_shell();
  facts.tools = look_at_tools(project, facts.root);
  return facts;
}

}  // namespace poltergeist::cli::doctor
