// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cli/init/kinds.h"

namespace poltergeist::cli {

namespace {

// "v2": the end of a module's path that is no name.
bool is_version(std::string_view part) {
  return part.size() > 1 && part.front() == 'v' && parse_number(part.substr(1));
}

// The last part of a module's path that is not a version: "tool" of "example.org/tool/v2".
std::string name_of_module(const std::string& go_mod, const std::string& otherwise) {
  for (const auto line : lines_of(go_mod)) {
    auto text = trimmed(line);
    if (!text.starts_with("module ")) continue;
    text = trimmed(text.substr(7, text.find("//") == std::string_view::npos ? std::string_view::npos
                                                                            : text.find("//") - 7));
    if (text.starts_with('"') && text.ends_with('"') && text.size() > 1) {
      text = text.substr(1, text.size() - 2);
    }
    auto path = std::string(text);
    if (is_version(path.substr(path.rfind('/') + 1))) path.erase(path.rfind('/'));
    return path.substr(path.rfind('/') + 1);
  }
  return otherwise;
}

bool says_package_main(const std::string& text) {
  static constexpr std::string_view kClause = "package main";
  for (const auto line : lines_of(text)) {
    if (!line.starts_with(kClause)) continue;
    const auto rest = line.substr(kClause.size());
    if (rest.empty() || std::isalnum(static_cast<unsigned char>(rest.front())) == 0) return true;
  }
  return false;
}

bool is_main_package(const ProjectFiles& files, const std::string& directory) {
  const auto names = files.files_in(directory);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (extension_of(name) != "go" || name.ends_with("_test.go")) return false;
    return says_package_main(
        files.text(directory.empty() ? name : directory + "/" + name).value_or(""));
  });
}

std::vector<std::string> module_files(const ProjectFiles& files) {
  std::vector<std::string> paths;
  for (const auto* file : {"go.mod", "go.sum", "go.work"}) {
    if (files.has(file)) paths.emplace_back(file);
  }
  return paths;
}

ProposedTarget program(const std::string& name, const std::string& package,
                       const ProjectFiles& files) {
  ProposedTarget target;
  target.name = name;
  target.output_path = "dist/bin/" + name;
  target.build_command =
      "go build -o " + shell_quoted(target.output_path) + " " + shell_quoted(package);
  target.watch_paths = {"**/*.go", "!**/*_test.go"};
  for (auto& file : module_files(files)) target.watch_paths.push_back(std::move(file));
  return target;
}

}  // namespace

std::optional<Finding> find_go(const ProjectFiles& files) {
  const auto go_mod = files.text("go.mod");
  if (!go_mod) return std::nullopt;
  Finding finding{.kind = "Go", .source = "go.mod"};
  if (is_main_package(files, "")) {
    finding.targets.push_back(program(name_of_module(*go_mod, files.name()), ".", files));
  }
  for (const auto& directory : files.directories_in("cmd")) {
    if (is_main_package(files, "cmd/" + directory)) {
      finding.targets.push_back(program(directory, "./cmd/" + directory, files));
    }
  }
  const bool has_sources =
      files.any([](std::string_view file) { return extension_of(file) == "go"; });
  if (finding.targets.empty() && has_sources) {
    ProposedTarget library;
    library.name = name_of_module(*go_mod, files.name());
    library.type = config::TargetType::Custom;
    library.build_command = "go build ./...";
    library.watch_paths = {"**/*.go"};
    for (auto& file : module_files(files)) library.watch_paths.push_back(std::move(file));
    finding.targets.push_back(std::move(library));
  }
  if (files.any([](std::string_view file) { return file.ends_with("_test.go"); })) {
    ProposedTarget test;
    test.name = "test";
    test.type = config::TargetType::Test;
    test.test_command = "go test ./...";
    test.watch_paths = {"**/*.go"};
    for (auto& file : module_files(files)) test.watch_paths.push_back(std::move(file));
    finding.targets.push_back(std::move(test));
  }
  if (finding.targets.empty())
    finding.notes.emplace_back("there is a go.mod, but no Go source yet");
  return finding;
}

}  // namespace poltergeist::cli
