// SPDX-License-Identifier: MIT
// What `init` proposes: targets, and the configuration that says so. Pure values; writing the file
// is the verb's affair.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/project.h"

namespace poltergeist::cli {

// How a target's program is kept running, from the start of the daemon on. Empty keys are not
// written; texts are as the configuration has them (config/substitute.h).
struct ProposedAutoRun {
  std::string command;  // empty: what the target builds
  std::vector<std::string> args;
  std::string restart_signal;
  std::string post_run;
  std::string cleanup;
};

// The keys of a target that detection fills in; empty ones are not written.
struct ProposedTarget {
  std::string name;
  config::TargetType type = config::TargetType::Executable;
  bool enabled = true;
  std::string build_command;
  std::string test_command;
  std::string output_path;
  std::string cwd;
  std::vector<std::string> watch_paths;
  std::vector<std::string> depends_on;
  std::optional<config::LibraryType> library_type;
  // npm
  std::string build_script;
  std::optional<config::PackageManager> package_manager;
  std::vector<std::string> output_paths;
  // cmake-*
  std::string target_name;
  std::string generator;
  std::optional<config::CMakeBuildType> build_type;
  std::optional<ProposedAutoRun> auto_run;
};

// What one kind of project (CMake, Cargo, …) contributed.
struct Finding {
  std::string kind;    // "CMake", "Make", "Cargo", "Node", "Python", "Go", "Swift", "Scripts"
  std::string source;  // the file that it was read from: "Cargo.toml"
  std::vector<ProposedTarget> targets;
  std::vector<std::string> notes;  // sentences: what could not be found out, what is left to do
  // The commands of its targets write the same files, so that no two may be built at once.
  bool one_at_a_time = false;
  // False: it says what is executed, and nothing of the language that the project is written in.
  bool says_language = true;
};

struct Proposal {
  config::ProjectType type = config::ProjectType::Mixed;
  std::vector<Finding> findings;  // in the order of the targets in `text`
  // The configuration: JSON, two spaces, a newline at the end.
  std::string text;

  [[nodiscard]] std::vector<ProposedTarget> targets() const;
  [[nodiscard]] std::vector<std::string> notes() const;
};

// Gives every target a name of its own that a configuration allows, and writes the text. A name
// that is taken gets its kind behind it ("test" of Cargo beside "test" of CMake: "test-cargo").
[[nodiscard]] Proposal proposal_of(std::vector<Finding> findings);

// `text` with every byte that a target's name may not hold replaced by "-".
[[nodiscard]] std::string target_name_for(std::string_view text);

}  // namespace poltergeist::cli
