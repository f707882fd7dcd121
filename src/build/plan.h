// SPDX-License-Identifier: MIT
// How a target is built: one pure function from its definition and what was looked up on disk to
// the commands that build it. Nothing here touches the disk: wanted_facts() says what to look up,
// plan_for() decides.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/paths.h"
#include "base/result.h"
#include "config/project.h"

namespace poltergeist::build {

struct WantedFacts {
  std::vector<std::filesystem::path> existing;  // absolute: is there such a file or directory?
  std::vector<std::filesystem::path> texts;     // absolute: the content, if it can be read
  std::vector<std::filesystem::path> times;     // absolute: when it was modified
  std::vector<std::string> programs;            // is it in the PATH that the build will get?
};

// What was found, keyed as it was wanted; what is absent is not there.
struct Facts {
  std::filesystem::path root;
  std::filesystem::path config_file;  // for messages
  std::set<std::filesystem::path> existing;
  std::map<std::filesystem::path, std::string> texts;
  std::map<std::filesystem::path, std::int64_t> times;  // in ns, from any beginning
  std::set<std::string> programs;
  // What the build starts for (Why). A list that was cut off may have held anything.
  std::vector<RelPath> changed;
  std::size_t total_changed = 0;
  int processors = 1;
};

[[nodiscard]] WantedFacts wanted_facts(const config::Target& target,
                                       const std::filesystem::path& root);

struct Step {
  std::string label;              // "install", "configure", "build", "test"
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it holds a slash
  std::string shown;  // as a person would type it: for the log and lastBuildError.command
};

struct Plan {
  std::string builder;        // "shell", "npm", "cmake", …: lastBuild.builder
  std::vector<Step> steps;    // one after another; the first that fails ends the build
  std::filesystem::path cwd;  // absolute
  config::Environment env;    // over the daemon's own
  std::vector<std::filesystem::path> outputs;  // absolute; all must exist for success
  // Where the artifact may be, most likely first; empty where the target has none.
  std::vector<std::filesystem::path> artifacts;
};

// Fails with a located message for the quarantine, when the definition cannot work as things are:
// Errc::NotFound for want of a program.
[[nodiscard]] Result<Plan> plan_for(const config::Target& target, const Facts& facts);

// See TargetSettings::exclusive_key.
[[nodiscard]] std::string exclusive_key(const config::Target& target);

// Where the artifact of a CMake executable or library may be, most likely first, absolute.
[[nodiscard]] std::vector<std::filesystem::path> output_candidates(
    const config::Target& target, const std::filesystem::path& root,
    const std::filesystem::path& build_dir);

}  // namespace poltergeist::build
