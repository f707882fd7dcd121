// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/known_state.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/table.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

namespace {

std::vector<std::string> names_of(const std::vector<TargetId>& targets) {
  std::vector<std::string> names;
  for (const auto& target : targets) names.push_back(target.value());
  return names;
}

nlohmann::ordered_json json_for(const config::Project& project) {
  auto targets = nlohmann::ordered_json::array();
  for (const auto& target : project.targets) {
    nlohmann::ordered_json entry = {
        {"name", target.name.value()},      {"type", name_in(config::kTargetTypes, target.type)},
        {"enabled", target.enabled},        {"buildCommand", build_command(target)},
        {"watchPaths", target.watch_paths}, {"dependsOn", names_of(target.depends_on)}};
    if (!target.output_path.empty()) entry["outputPath"] = target.output_path;
    if (!target.group.empty()) entry["group"] = target.group;
    if (target.auto_run) entry["autoRun"] = target.auto_run->enabled;
    targets.push_back(std::move(entry));
  }
  return {{"root", project.root.string()}, {"targets", std::move(targets)}};
}

std::vector<std::string> details_of(const config::Target& target) {
  std::vector<std::string> lines;
  const auto add = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) lines.push_back(fmt::format("{:<10}{}", label, for_terminal(text)));
  };
  add("watches", joined(target.watch_paths, ", "));
  add("output", target.output_path);
  add("after", joined(names_of(target.depends_on), ", "));
  add("group", target.group);
  return lines;
}

std::string text_for(const config::Project& project, bool verbose, const Style& style) {
  if (project.targets.empty()) return "no targets\n";
  std::vector<Row> rows;
  for (const auto& target : project.targets) {
    rows.push_back({{{for_terminal(target.name.value()), Paint::Strong},
                     {std::string(name_in(config::kTargetTypes, target.type)), std::nullopt},
                     target.enabled ? Cell{"enabled", Paint::Good} : Cell{"disabled", Paint::Faint},
                     {for_terminal(build_command(target)), std::nullopt}},
                    verbose ? details_of(target) : std::vector<std::string>{}});
  }
  return table_text({"TARGET", "TYPE", "STATE", "BUILD"}, rows, style);
}

}  // namespace

int verb_list(Arguments& arguments) {
  std::string config;
  bool json = false;
  bool verbose = false;
  bool names = false;
  arguments.flag("--verbose", verbose, "what each watches and leaves behind");
  arguments.flag("--names", names, "the names only, one per line");
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return report(loaded.error());
  if (json) {
    print_json(json_for(loaded->project));
  } else if (names) {
    for (const auto& name : loaded->project.target_names()) print(for_terminal(name) + '\n');
  } else {
    print(text_for(loaded->project, verbose, style_for(STDOUT_FILENO)));
  }
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
