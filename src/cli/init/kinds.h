// SPDX-License-Identifier: MIT
// One function per kind of project: what there is of it in these files, or nothing. They read files
// and run nothing (CMake, which is asked, is in cmake_project.h).
#pragma once

#include <optional>

#include "cli/init/project_files.h"
#include "cli/init/proposal.h"

namespace poltergeist::cli {

// Cargo.toml: a program per binary, else the library; every member of a workspace.
[[nodiscard]] std::optional<Finding> find_cargo(const ProjectFiles& files);
// package.json: the build script, the tests; every member of a workspace that has a build script.
[[nodiscard]] std::optional<Finding> find_node(const ProjectFiles& files);
// pyproject.toml, setup.py, requirements.txt, …: the tests, by pytest or unittest.
[[nodiscard]] std::optional<Finding> find_python(const ProjectFiles& files);
// go.mod: a program per directory below cmd, or the package in the root.
[[nodiscard]] std::optional<Finding> find_go(const ProjectFiles& files);
// Package.swift: a program per executable target, the tests.
[[nodiscard]] std::optional<Finding> find_swift(const ProjectFiles& files);
// A Makefile: the program or library that its first target makes, and its tests.
[[nodiscard]] std::optional<Finding> find_make(const ProjectFiles& files);
// factory-factory.json: the target "dev", which keeps its script "run" running, with its "postRun"
// and "cleanup" beside it.
[[nodiscard]] std::optional<Finding> find_scripts(const ProjectFiles& files);

// Python files without any manifest: a target for their tests, by convention.
[[nodiscard]] std::optional<Finding> find_bare_python(const ProjectFiles& files);

}  // namespace poltergeist::cli
