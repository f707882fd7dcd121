// SPDX-License-Identifier: MIT
#include <regex>
#include <set>

#include "base/text.h"
#include "cli/init/kinds.h"

namespace poltergeist::cli {

namespace {

// The names in `.executableTarget(name: "X", …)`; a manifest is Swift, but this call is always
// written so.
std::vector<std::string> names_in_calls(const std::string& manifest, const std::string& call) {
  const std::regex pattern("\\." + call + R"re(\s*\(\s*name:\s*"([^"]+)")re");
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (auto match = std::sregex_iterator(manifest.begin(), manifest.end(), pattern);
       match != std::sregex_iterator(); ++match) {
    if (seen.insert((*match)[1]).second) names.push_back((*match)[1]);
  }
  return names;
}

}  // namespace

std::optional<Finding> find_swift(const ProjectFiles& files) {
  const auto manifest = files.text("Package.swift");
  if (!manifest) return std::nullopt;
  Finding finding{.kind = "Swift", .source = "Package.swift"};
  auto programs = names_in_calls(*manifest, "executable");
  if (programs.empty()) programs = names_in_calls(*manifest, "executableTarget");
  for (const auto& name : programs) {
    ProposedTarget target;
    target.name = name;
    target.build_command = "swift build --product " + shell_quoted(name);
    target.output_path = ".build/debug/" + name;
    target.watch_paths = {"Sources/**/*.swift", "Package.swift"};
    finding.targets.push_back(std::move(target));
  }
  if (programs.empty()) {
    ProposedTarget library;
    library.name = files.name();
    library.type = config::TargetType::Custom;
    library.build_command = "swift build";
    library.watch_paths = {"Sources/**/*.swift", "Package.swift"};
    finding.targets.push_back(std::move(library));
  }
  if (!names_in_calls(*manifest, "testTarget").empty()) {
    ProposedTarget test;
    test.name = "test";
    test.type = config::TargetType::Test;
    test.test_command = "swift test";
    test.watch_paths = {"Sources/**/*.swift", "Tests/**/*.swift", "Package.swift"};
    finding.targets.push_back(std::move(test));
  }
  return finding;
}

}  // namespace poltergeist::cli
