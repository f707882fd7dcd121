// SPDX-License-Identifier: MIT
#include "config/broken_promise.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "config/difference.h"
#include "config/load.h"

namespace poltergeist::test {

using namespace config;

namespace {

std::string broken_remark(const Problem& problem, std::string_view text) {
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  if (problem.message.empty()) return "a problem says nothing";
  if (for_terminal(problem.message) != problem.message) return "a message holds control characters";
  if (problem.message.find('\n') != std::string::npos) return "a message has two lines";
  if (problem.line == 0 && text.size() > (std::size_t{1} << 20U)) return {};
  if (problem.line < 1 || problem.line > lines || problem.column < 1) {
    return fmt::format("{}:{} is no place in the text", problem.line, problem.column);
  }
  return {};
}

std::string broken_remarks(const std::vector<Problem>& problems, std::string_view text) {
  for (const auto& problem : problems) {
    if (auto broken = broken_remark(problem, text); !broken.empty()) {
      return broken + ": " + problem.message;
    }
  }
  const auto earlier = [](const Problem& a, const Problem& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  };
  return std::is_sorted(problems.begin(), problems.end(), earlier) ? "" : "not in order";
}

bool are_ambiguous(const ExitCodes& codes) {
  const auto is_success = [&](int code) { return std::ranges::count(codes.success, code) > 0; };
  return codes.success.empty() || std::ranges::any_of(codes.retry, is_success);
}

std::string broken_task(const Task& task, const Project& project) {
  if (project.find_task(task.name) != &task) return "two tasks have one name";
  if (project.find_task_like(task.name.value()) != &task) return "a name is not its own likeness";
  if (task.command.empty()) return "a task has no command";
  if (task.queue.empty()) return "a task is in no queue";
  if ((task.output_format == OutputFormat::File) == task.output_file.empty()) {
    return "a task's output is in a file without a name, or in none";
  }
  return are_ambiguous(task.exit_codes) ? "an exit code says two things" : "";
}

std::string broken_hook(const Hook& hook, const Project& project) {
  if (hook.command.empty() == hook.task.empty()) return "a hook has not one thing to do";
  if (hook.task.empty()) return {};
  if (project.find_task(TaskId(hook.task)) == nullptr) return "a hook's task does not exist";
  const bool is_object = hook.input.starts_with('{') && hook.input.ends_with('}');
  return is_object && hook.input.find('\n') == std::string::npos ? "" : "input is no object";
}

std::string broken_project(const Project& project) {
  for (const auto& target : project.targets) {
    if (project.find(target.name) != &target) return "two targets have one name";
    if (project.find_like(target.name.value()) != &target) return "a name is not its own likeness";
    if (target.name.value().find('/') != std::string::npos) return "a name leaves its directory";
    for (const auto& dependency : target.depends_on) {
      if (project.find(dependency) == nullptr) return "a dependency does not exist";
    }
    if (are_ambiguous(target.exit_codes)) return "an exit code says two things";
    for (const auto& hook : target.post_build) {
      if (auto broken = broken_hook(hook, project); !broken.empty()) return broken;
    }
    const auto quiet = target.settling_delay.value_or(project.watcher.settling_delay);
    const auto limit = target.max_settling_delay.value_or(project.watcher.max_settling_delay);
    if (quiet < Milliseconds(0) || limit < quiet) return "a quiet window is longer than its limit";
  }
  for (const auto& task : project.tasks) {
    if (auto broken = broken_task(task, project); !broken.empty()) return broken;
  }
  return between(project, project).none() ? "" : "a project differs from itself";
}

}  // namespace

std::string broken_promise(std::string_view text) {
  static const Environment kEnvironment = {{"HOME", "/home/me"}, {"EMPTY", ""}};
  const auto loaded = load_project(text, "/p/poltergeist.config.json", kEnvironment);
  if (!loaded) {
    if (loaded.error().empty()) return "refused without a problem";
    return broken_remarks(loaded.error(), text);
  }
  const auto broken = broken_project(loaded->project);
  return broken.empty() ? broken_remarks(loaded->notes, text) : broken;
}

}  // namespace poltergeist::test
