// SPDX-License-Identifier: MIT
// What the tests of `init` ask of a proposal.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/init/detect.h"
#include "support/temp_dir.h"

namespace poltergeist::cli::test {

// Runs real programs, as the verb does.
inline Result<std::string> run_program(const std::vector<std::string>& argv,
                                       const std::filesystem::path& cwd) {
  std::string line = "cd " + shell_quoted(cwd.string()) + " &&";
  for (const auto& word : argv) line += " " + shell_quoted(word);
  FILE* pipe = ::popen((line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return fail_errno("starting {}", argv.at(0));
  std::string output;
  for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe)) {
    output += static_cast<char>(byte);
  }
  const int status = ::pclose(pipe);
  if (status != 0) return fail(Errc::Io, "{} failed: {}", argv.at(0), output);
  return output;
}

// For proposals that must not run anything.
inline Result<std::string> run_nothing(const std::vector<std::string>& argv,
                                       const std::filesystem::path&) {
  throw std::logic_error(argv.at(0) + " was run");
}

inline Proposal proposal_for(const poltergeist::test::TempDir& project,
                             const InitOptions& options = {},
                             const CommandRunner& run = run_nothing) {
  auto proposal = propose(project.path(), options, run);
  if (!proposal) throw std::runtime_error(proposal.error().message);
  return std::move(*proposal);
}

// "app executable", in the order of the configuration; "- docs cmake-custom" if it is not enabled.
inline std::vector<std::string> summary(const Proposal& proposal) {
  std::vector<std::string> lines;
  for (const auto& target : proposal.targets()) {
    lines.push_back((target.enabled ? "" : "- ") + target.name + " " +
                    std::string(name_in(config::kTargetTypes, target.type)));
  }
  return lines;
}

inline ProposedTarget target_in(const Proposal& proposal, std::string_view name) {
  const auto targets = proposal.targets();
  const auto found = std::find_if(targets.begin(), targets.end(),
                                  [&](const auto& target) { return target.name == name; });
  if (found == targets.end()) throw std::runtime_error("no target " + std::string(name));
  return *found;
}

using Names = std::vector<std::string>;

}  // namespace poltergeist::cli::test
