// SPDX-License-Identifier: MIT
#include <array>
#include <cctype>

#include "cli/init/kinds.h"
#include "cli/init/watch_globs.h"

namespace poltergeist::cli {

namespace {

constexpr auto kManifests = std::to_array<const char*>(
    {"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "requirements-dev.txt",
     "dev-requirements.txt", "Pipfile", "tox.ini", "pytest.ini"});

bool is_test_file(std::string_view file) {
  const auto name = file.substr(file.rfind('/') + 1);
  return (name.starts_with("test_") && name.ends_with(".py")) || name.ends_with("_test.py");
}

bool names_pytest(std::string_view text) {
  static constexpr std::string_view kWord = "pytest";
  const auto is_word = [&](std::size_t at) {
    return at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (auto at = text.find(kWord); at != std::string_view::npos; at = text.find(kWord, at + 1)) {
    if (!(at > 0 && is_word(at - 1)) && !is_word(at + kWord.size())) return true;
  }
  return false;
}

bool uses_pytest(const ProjectFiles& files) {
  if (files.has("pytest.ini") || files.any([](std::string_view file) {
        return file.substr(file.rfind('/') + 1) == "conftest.py";
      })) {
    return true;
  }
  for (const auto* manifest : kManifests) {
    if (const auto text = files.text(manifest); text && names_pytest(*text)) return true;
  }
  return false;
}

// The interpreter of the project's own environment, where there is one.
std::string python_of(const ProjectFiles& files) {
  if (files.has("uv.lock")) return "uv run python";
  if (files.has("poetry.lock")) return "poetry run python";
  for (const auto* directory : {".venv", "venv"}) {
    if (files.has(std::string(directory) + "/bin/python"))
      return std::string(directory) + "/bin/python";
  }
  return "python3";
}

// unittest finds nothing by itself in a directory that is not a package, so it is named.
std::string unittest_arguments(const ProjectFiles& files) {
  for (const std::string directory : {"tests", "test"}) {
    if (!files.has_directory(directory)) continue;
    return files.has(directory + "/__init__.py") ? " discover -s " + directory + " -t ."
                                                 : " discover -s " + directory;
  }
  return " discover";
}

Finding finding_for(const ProjectFiles& files, std::string source) {
  Finding finding{.kind = "Python", .source = std::move(source)};
  ProposedTarget target;
  target.watch_paths = globs_for(files, {"py"});
  for (const auto* manifest : kManifests) {
    if (files.has(manifest) && std::string_view(manifest) != "setup.py") {
      target.watch_paths.emplace_back(manifest);
    }
  }
  const bool pytest = uses_pytest(files);
  const auto python = python_of(files);
  if (pytest || files.any(is_test_file)) {
    target.name = "test";
    target.type = config::TargetType::Test;
    target.test_command =
        python + (pytest ? " -m pytest -q" : " -m unittest" + unittest_arguments(files));
  } else {
    target.name = "check";
    target.type = config::TargetType::Custom;
    target.build_command =
        python + " -m compileall -q -x '/(\\.venv|venv|env|node_modules|build|dist)/' .";
    finding.notes.emplace_back(
        "no tests were found, so the target only compiles every file; name your test command in "
        "a target of type \"test\"");
  }
  finding.targets.push_back(std::move(target));
  return finding;
}

}  // namespace

std::optional<Finding> find_python(const ProjectFiles& files) {
  for (const auto* manifest : kManifests) {
    if (!files.has(manifest)) continue;
    const bool has_sources =
        files.any([](std::string_view file) { return extension_of(file) == "py"; });
    if (!has_sources) {
      // requirements.txt alone may serve the documentation of anything.
      return Finding{.kind = "Python",
                     .source = manifest,
                     .notes = {std::string(manifest) + " is there, but no Python file yet"}};
    }
    return finding_for(files, manifest);
  }
  return std::nullopt;
}

std::optional<Finding> find_bare_python(const ProjectFiles& files) {
  if (!files.any(is_test_file)) return std::nullopt;
  return finding_for(files, "*.py");
}

}  // namespace poltergeist::cli
