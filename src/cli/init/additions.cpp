// SPDX-License-Identifier: MIT
#include "cli/init/additions.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace poltergeist::cli {

namespace {

bool makes_program(const ProposedTarget& target) {
  using config::TargetType;
  if (target.auto_run) return true;
  if (!target.enabled || target.output_path.empty()) return false;
  return target.type == TargetType::Executable || target.type == TargetType::CMakeExecutable ||
         target.type == TargetType::Npm;
}

std::vector<ProposedTarget*> programs_in(Proposal& proposal) {
  std::vector<ProposedTarget*> programs;
  for (auto& finding : proposal.findings) {
    for (auto& target : finding.targets) {
      if (makes_program(target)) programs.push_back(&target);
    }
  }
  const auto kept = std::find_if(programs.begin(), programs.end(),
                                 [](const auto* target) { return target->auto_run.has_value(); });
  return kept == programs.end() ? programs : std::vector{*kept};
}

std::vector<std::string> target_names_of(const std::vector<ProposedTarget>& targets) {
  std::vector<std::string> names;
  for (const auto& target : targets) names.push_back(target.name);
  return names;
}

Attempt<ProposedTarget*> program_named(Proposal& proposal, const std::string& name) {
  for (auto& finding : proposal.findings) {
    for (auto& target : finding.targets) {
      if (normalised_name(target.name) != normalised_name(name)) continue;
      if (makes_program(target)) return &target;
      return refuse(ExitCode::Usage, "\"{}\" makes no program that could be kept running",
                    for_terminal(target.name));
    }
  }
  const auto names = target_names_of(proposal.targets());
  return refuse(ExitCode::Unknown, "no target \"{}\" was found{} (targets: {})", for_terminal(name),
                did_you_mean(name, names), for_terminal(joined(names, ", ")));
}

Attempt<ProposedTarget*> program_for(Proposal& proposal, const Additions& additions) {
  if (!additions.target.empty()) return program_named(proposal, additions.target);
  const auto programs = programs_in(proposal);
  if (programs.size() == 1) return programs.front();
  if (programs.empty()) {
    return refuse(ExitCode::Usage,
                  "--post-run and --cleanup belong to a program, and no target makes one");
  }
  std::vector<std::string> names;
  for (const auto* program : programs) names.push_back(program->name);
  return refuse(ExitCode::Usage,
                "which program do --post-run and --cleanup belong to? --target with one of {}",
                for_terminal(joined(names, ", ")));
}

}  // namespace

Attempt<Proposal> with_additions(Proposal proposal, const Additions& additions) {
  if (!additions.any()) return proposal;
  if (additions.post_run.empty() && additions.cleanup.empty()) {
    return refuse(ExitCode::Usage, "--target is for --post-run and --cleanup");
  }
  for (const auto* line : {&additions.post_run, &additions.cleanup}) {
    // A configuration is UTF-8, and a command is not to be another one there.
    if (to_utf8(*line) == *line) continue;
    return refuse(ExitCode::Usage, "a configuration holds UTF-8, and this is none: {}",
                  for_terminal(*line));
  }
  const auto program = program_for(proposal, additions);
  if (!program) return refuse(program.error());
  auto& auto_run = (*program)->auto_run;
  if (!auto_run) auto_run.emplace();
  if (!additions.post_run.empty()) auto_run->post_run = additions.post_run;
  if (!additions.cleanup.empty()) auto_run->cleanup = additions.cleanup;
  return proposal_of(std::move(proposal.findings));
}

}  // namespace poltergeist::cli
