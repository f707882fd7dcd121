// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
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
    if (target.auto_run) {
      entry["autoRun"] = target.auto_run->enabled;
      if (const auto& line = target.auto_run->post_run; !line.empty()) entry["postRun"] = line;
      if (const auto& line = target.auto_run->cleanup; !line.empty()) entry["cleanup"] = line;
    }
    targets.push_back(std::move(entry));
  }
  auto tasks = nlohmann::ordered_json::array();
  for (const auto& task : project.tasks) {
    tasks.push_back({{"name", task.name.value()},
                     {"queue", task.queue},
                     {"command", task.command},
                     {"args", task.args},
                     {"shell", task.shell}});
  }
  return {{"root", project.root.string()},
          {"targets", std::move(targets)},
          {"tasks", std::move(tasks)}};
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
  if (target.auto_run) {
    add("post-run", target.auto_run->post_run);
    add("cleanup", target.auto_run->cleanup);
  }
  return lines;
}

std::string targets_text(const config::Project& project, bool verbose, const Style& style) {
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

// As one would type it: arguments that a shell would take apart are quoted.
std::string command_of(const config::Task& task) {
  auto text = task.command;
  for (const auto& argument : task.args) text += ' ' + shell_quoted(argument);
  return text;
}

std::string tasks_text(const config::Project& project, const Style& style) {
  if (project.tasks.empty()) return "no tasks\n";
  std::vector<Row> rows;
  for (const auto& task : project.tasks) {
    rows.push_back({{{for_terminal(task.name.value()), Paint::Strong},
                     {for_terminal(task.queue), std::nullopt},
                     {for_terminal(command_of(task)), std::nullopt}},
                    {}});
  }
  return table_text({"TASK", "QUEUE", "COMMAND"}, rows, style);
}

std::string text_for(const config::Project& project, bool verbose, const Style& style) {
  auto text = targets_text(project, verbose, style);
  if (!project.tasks.empty()) text += '\n' + tasks_text(project, style);
  return text;
}

void print_names(const std::vector<std::string>& names) {
  for (const auto& name : names) print(for_terminal(name) + '\n');
}

}  // namespace

int verb_list(Arguments& arguments) {
  std::string config;
  bool json = false;
  bool verbose = false;
  bool names = false;
  bool tasks = false;
  arguments.flag("--verbose", verbose, "what each watches and leaves behind");
  arguments.flag("--names", names, "the names only, one per line");
  arguments.flag("--tasks", tasks, "the tasks instead of the targets");
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return report(loaded.error());
  const auto& listed = loaded->project;
  const auto style = style_for(STDOUT_FILENO);
  if (json) {
    print_json(json_for(listed));
  } else if (names) {
    print_names(tasks ? listed.task_names() : listed.target_names());
  } else {
    print(tasks ? tasks_text(listed, style) : text_for(listed, verbose, style));
  }
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
