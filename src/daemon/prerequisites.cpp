// SPDX-License-Identifier: MIT
#include "daemon/prerequisites.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <variant>

#include "build/plan.h"
#include "config/problem.h"
#include "daemon/facts.h"
#include "process/command_line.h"

namespace poltergeist::daemon {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlanks = " \t\n";
// Characters of which no shell makes anything else.
constexpr std::string_view kPlain =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-@%,:";

// The word that a line for the shell begins with, if that is an absolute path beyond doubt.
std::string absolute_first_word(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlanks));
  const bool is_plain = word.find_first_not_of(kPlain) == std::string_view::npos;
  return is_plain && word.starts_with('/') ? std::string(word) : std::string();
}

bool is_program(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

class Search {
 public:
  Search(const config::Project& project, const std::vector<std::string>& environment)
      : project_(project), environment_(environment) {}

  void look_at(const config::Target& target) {
    target_ = &target;
    look_at_build();
    for (const auto& hook : target.post_build) {
      look_at_line("postBuild", hook.command);
      look_at_line("postBuild", hook.formatter);
    }
    if (target.auto_run && target.auto_run->enabled) look_at(*target.auto_run);
  }
  [[nodiscard]] std::vector<std::string> take_missing() { return std::move(missing_); }

 private:
  void look_at_build() {
    const auto path = path_in(target_->env, environment_);
    const auto plan = build::plan_for(
        *target_, look_up(build::wanted_facts(*target_, project_.root), project_, path, {}, 0));
    if (!plan && plan.error().code == Errc::NotFound) missing_.push_back(plan.error().message);
    if (!plan) return;
    for (const auto& step : plan->steps) look_for(step.argv.front(), path);
    if (const auto* kind = std::get_if<config::CommandKind>(&target_->kind)) {
      look_at_line("buildCommand", kind->build_command);
    } else if (const auto* test = std::get_if<config::TestKind>(&target_->kind)) {
      look_at_line("testCommand", test->test_command);
    }
  }

  void look_at(const config::AutoRun& auto_run) {
    const auto path = path_in(auto_run.env, environment_);
    look_at_program(auto_run, path);
    for (const auto& [key, line] :
         {std::pair("postRun", &auto_run.post_run), std::pair("cleanup", &auto_run.cleanup)}) {
      if (line->empty()) continue;
      look_for("bash", path, key);
      look_at_line(key, *line);
    }
  }

  void look_at_program(const config::AutoRun& auto_run, std::string_view path) {
    if (!auto_run.command.empty()) {
      look_for(auto_run.command, path);
      look_at_path("autoRun", auto_run.command);
      return;
    }
    // The interpreter of a script, which is there before it is built.
    const auto artifact = (project_.root / target_->output_path).lexically_normal();
    std::error_code error;
    if (!fs::is_regular_file(artifact, error)) return;
    look_for(process::command_line(artifact, {}).front(), path);
  }

  // `key`: what it is for, where that does not go without saying.
  void look_for(const std::string& program, std::string_view path, std::string_view key = {}) {
    if (program.find('/') != std::string::npos || is_in_path(program, path)) return;
    const auto purpose = key.empty() ? std::string() : fmt::format(" for \"{}\"", key);
    report(fmt::format("needs {}{}, which is not in PATH", program, purpose));
  }

  void look_at_line(std::string_view key, std::string_view line) {
    look_at_path(key, absolute_first_word(line));
  }

  void look_at_path(std::string_view key, const std::string& program) {
    if (!program.starts_with('/')) return;
    if (RelPath::below(project_.root, fs::path(program).lexically_normal())) return;
    if (!is_program(program)) {
      report(fmt::format("needs {} for \"{}\", and there is no such program", program, key));
    }
  }

  void report(const std::string& what) {
    const auto& place = target_->place;
    missing_.push_back(config::to_text(
        config::Problem{place.line, place.column,
                        fmt::format("target \"{}\" {}", target_->name.value(), what)},
        project_.file));
  }

  const config::Project& project_;
  const std::vector<std::string>& environment_;
  const config::Target* target_ = nullptr;
  std::vector<std::string> missing_;
};

}  // namespace

std::vector<std::string> missing_programs(const config::Project& project,
                                          const std::vector<std::string>& environment) {
  Search search(project, environment);
  for (const auto& target : project.targets) {
    if (target.enabled) search.look_at(target);
  }
  return search.take_missing();
}

}  // namespace poltergeist::daemon
