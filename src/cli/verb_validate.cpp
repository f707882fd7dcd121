// SPDX-License-Identifier: MIT
#include <string>

#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/standard_input.h"
#include "cli/verb_functions.h"
#include "config/discovery.h"
#include "config/problem.h"
#include "daemon/prerequisites.h"
#include "process/environment.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostInput = 1 << 20;

// What is piped in is judged as if it were the configuration of this directory.
Attempt<config::Loaded> load_standard_input(fs::path& file) {
  const auto text = standard_input(kMostInput);
  if (!text) return refuse(text.error());
  std::error_code error;
  const auto cwd = fs::canonical(".", error);
  if (error) return refuse(ExitCode::Usage, "the working directory: {}", error.message());
  file = cwd / config::kConfigFile;
  return load_text(*text, file);
}

Attempt<config::Loaded> load(const std::string& named, fs::path& file) {
  if (named == "-") return load_standard_input(file);
  const auto project = find_project(named);
  if (!project) return refuse(project.error());
  file = project->file;
  return load_configuration(file);
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

int verb_validate(Arguments& arguments) {
  std::string config;
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  fs::path file;
  const auto loaded = load(config, file);
  if (!loaded) return report(loaded.error());
  if (!loaded->notes.empty()) say(for_terminal(config::to_text(loaded->notes, file)));
  const auto missing = daemon::missing_programs(loaded->project, process::own_environment());
  if (!missing.empty()) {
    return report(
        {ExitCode::Usage,
         missing.size() == 1
             ? std::string("a program is missing that this project needs")
             : fmt::format("{} programs are missing that this project needs", missing.size()),
         for_terminal(joined(missing, "\n"))});
  }
  const auto& project = loaded->project;
  auto summary = counted(project.targets.size(), "target");
  if (!project.tasks.empty()) summary += ", " + counted(project.tasks.size(), "task");
  print(fmt::format("valid: {}\n", summary));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
