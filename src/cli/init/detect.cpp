// SPDX-License-Identifier: MIT
#include "cli/init/detect.h"

#include <optional>

#include "cli/init/cmake_project.h"
#include "cli/init/kinds.h"
#include "cli/init/project_files.h"

namespace poltergeist::cli {

namespace {

void add(std::vector<Finding>& findings, std::optional<Finding> finding) {
  if (finding) findings.push_back(std::move(*finding));
}

bool has_c_sources(const ProjectFiles& files) {
  return files.any([](std::string_view file) {
    const auto extension = extension_of(file);
    return extension == "c" || extension == "cc" || extension == "cpp" || extension == "cxx";
  });
}

}  // namespace

Result<Proposal> propose(const std::filesystem::path& root, const InitOptions& options,
                         const CommandRunner& run) {
  const auto files = ProjectFiles::list(root);
  if (!files) return fail(files.error());
  std::vector<Finding> findings;
  auto cmake = find_cmake(*files, options, run);
  if (!cmake) return fail(cmake.error());
  const bool has_cmake = cmake->has_value();
  add(findings, std::move(*cmake));
  if (options.cmake_only) return proposal_of(std::move(findings));

  add(findings, find_cargo(*files));
  add(findings, find_node(*files));
  add(findings, find_swift(*files));
  auto python = find_python(*files);
  if (!python && options.auto_add && findings.empty()) python = find_bare_python(*files);
  add(findings, std::move(python));
  if (options.auto_add) {
    add(findings, find_go(*files));
    // Beside another build system a Makefile is most often a menu of its commands, or what CMake
    // wrote; where it has C sources of its own, it is one more.
    const bool is_alone = findings.empty();
    if (!has_cmake && (is_alone || has_c_sources(*files))) add(findings, find_make(*files));
  }
  add(findings, find_scripts(*files));
  return proposal_of(std::move(findings));
}

}  // namespace poltergeist::cli
