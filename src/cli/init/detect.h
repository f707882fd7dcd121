// SPDX-License-Identifier: MIT
// `poltergeist init`: what is there to build in a directory? Looks for CMake, Make, Cargo, Node,
// Python, Go and Swift, and for a factory-factory.json, and takes all that it finds. Reads the
// project; writes nothing but the CMake build directory, and not even that for a dry run.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/init/proposal.h"

namespace poltergeist::cli {

// Runs a program in a directory, without a shell, stdin /dev/null. The answer is its standard
// output; a program that is missing is Errc::NotFound, one that fails is any other error, with the
// last lines of what it said.
using CommandRunner = std::function<Result<std::string>(const std::vector<std::string>& argv,
                                                        const std::filesystem::path& cwd)>;

// In the order of the options of the verb.
struct InitOptions {
  // --cmake: nothing but CMake; without a CMakeLists.txt an error.
  bool cmake_only = false;
  // --cmake-no-configure clears it: cmake is not run; an answer of an earlier run is used, else the
  // text of CMakeLists.txt.
  bool configure = true;
  // --preset: a configure preset of CMakePresets.json.
  std::string preset;
  // --build-dir: relative to the root; empty: the one that there is, else "build".
  std::string build_dir;
  // --generator; empty: that of the build directory, else Ninja if there is one.
  std::string generator;
  // --no-auto-add clears it: no targets by convention, only declared ones (so no Make, no Go, and
  // no Python without a manifest).
  bool auto_add = true;
  // --dry-run: CMake configures in a temporary directory outside the project.
  bool dry_run = false;
};

// The proposal for the project in `root`; without any finding it has no targets. Errors: the
// directory cannot be read; `cmake_only` and no CMakeLists.txt; a preset with which CMake fails.
// Other failures of CMake are notes, and the targets are then read from the text of CMakeLists.txt.
[[nodiscard]] Result<Proposal> propose(const std::filesystem::path& root,
                                       const InitOptions& options, const CommandRunner& run);

}  // namespace poltergeist::cli
