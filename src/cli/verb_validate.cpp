// SPDX-License-Identifier: MIT
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
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

std::optional<Refusal> missing_programs(const config::Project& project) {
  const auto missing = daemon::missing_programs(project, process::own_environment());
  if (missing.empty()) return std::nullopt;
  return Refusal{
      ExitCode::Usage,
      missing.size() == 1
          ? std::string("a program is missing that this project needs")
          : fmt::format("{} programs are missing that this project needs", missing.size()),
      for_terminal(joined(missing, "\n"))};
}

std::string summary_of(const config::Project& project) {
  auto summary = counted(project.targets.size(), "target");
  if (!project.tasks.empty()) summary += ", " + counted(project.tasks.size(), "task");
  return summary;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> lines;
  for (const auto line : lines_of(text)) lines.emplace_back(line);
  return lines;
}

nlohmann::ordered_json json_for(const fs::path& file, const Attempt<config::Loaded>& loaded,
                                const std::optional<Refusal>& wrong) {
  nlohmann::ordered_json answer{{"valid", !wrong}, {"file", to_utf8(file.string())}};
  if (wrong) {
    answer["message"] = wrong->message;
    answer["problems"] = lines_in(wrong->details);
  }
  if (loaded) {
    answer["notes"] = lines_in(for_terminal(config::to_text(loaded->notes, file)));
    answer["targets"] = loaded->project.targets.size();
    answer["tasks"] = loaded->project.tasks.size();
  }
  return answer;
}

}  // namespace

int verb_validate(Arguments& arguments) {
  std::string config;
  bool json = false;
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  fs::path file;
  const auto loaded = load(config, file);
  const std::optional<Refusal> wrong =
      loaded ? missing_programs(loaded->project) : std::optional(loaded.error());
  if (json) {
    print_json(json_for(file, loaded, wrong));
    return to_int(wrong ? wrong->code : ExitCode::Yes);
  }
  if (loaded && !loaded->notes.empty()) say(for_terminal(config::to_text(loaded->notes, file)));
  if (wrong) return report(*wrong);
  print(fmt::format("valid: {}\n", summary_of(loaded->project)));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
