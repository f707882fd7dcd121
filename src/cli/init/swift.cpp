// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "cli/init/kinds.h"

namespace poltergeist::cli {

namespace {

// What is left of `text` behind a word, blanks before it skipped; nothing if something else stands
// there.
std::optional<std::string_view> behind(std::string_view text, std::string_view word) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!text.starts_with(word)) return std::nullopt;
  return text.substr(word.size());
}

// The names in `.executableTarget(name: "X", …)`; a manifest is Swift, but this call is always
// written so.
std::vector<std::string> names_in_calls(const std::string& manifest, const std::string& call) {
  std::vector<std::string> names;
  const auto word = "." + call;
  for (auto at = manifest.find(word); at != std::string::npos; at = manifest.find(word, at + 1)) {
    std::optional<std::string_view> rest = std::string_view(manifest).substr(at + word.size());
    for (const auto* part : {"(", "name:", "\""}) {
      if (rest) rest = behind(*rest, part);
    }
    if (!rest) continue;
    auto name = std::string(rest->substr(0, rest->find('"')));
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
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
