// SPDX-License-Identifier: MIT
// What `init` writes, and what the examples show, are configurations that load.
#include <catch2/catch.hpp>

#include "cli/init/proposals.h"
#include "config/load.h"
#include "sys/files.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;
namespace fs = std::filesystem;

namespace {

// One per line; empty for a configuration that loads.
std::string problems(const std::string& text, const fs::path& file) {
  const auto loaded = config::load_project(text, file, {});
  return loaded ? "" : config::to_text(loaded.error(), file);
}

std::vector<fs::path> example_configurations() {
  std::vector<fs::path> files = {fs::path(POLTERGEIST_SOURCE_DIR) / "poltergeist.config.json"};
  for (const auto& entry : fs::directory_iterator(fs::path(POLTERGEIST_SOURCE_DIR) / "examples")) {
    if (entry.is_directory()) files.push_back(entry.path() / "poltergeist.config.json");
  }
  return files;
}

// The blocks of a document that are whole configurations.
std::vector<std::string> configurations_in(const std::string& document) {
  static constexpr std::string_view kBegin = "```jsonc\n{";
  std::vector<std::string> found;
  for (auto at = document.find(kBegin); at != std::string::npos; at = document.find(kBegin, at)) {
    at += kBegin.size() - 1;
    found.push_back(document.substr(at, document.find("```", at) - at));
  }
  return found;
}

}  // namespace

TEST_CASE("the configurations in the documents load without a remark") {
  for (const auto* name : {"README.md", "docs/EXAMPLES.md"}) {
    const auto file = fs::path(POLTERGEIST_SOURCE_DIR) / name;
    const auto found = configurations_in(read_file(file).value());
    CHECK_FALSE(found.empty());
    for (const auto& text : found) {
      INFO(text);
      REQUIRE(problems(text, file) == "");
      CHECK(config::load_project(text, file, {}).value().notes.empty());
    }
  }
}

TEST_CASE("the configurations of the examples, and our own, load without a remark") {
  const auto files = example_configurations();
  REQUIRE(files.size() > 6);
  for (const auto& file : files) {
    const auto text = read_file(file);
    INFO(file);
    REQUIRE(text);
    CHECK(problems(*text, file) == "");
    // Those who learn from an example should not be warned about it.
    CHECK(config::load_project(*text, file, {}).value().notes.empty());
  }
}

TEST_CASE("what init proposes for each example loads, and has targets") {
  for (const auto& file : example_configurations()) {
    if (file.parent_path() == fs::path(POLTERGEIST_SOURCE_DIR)) continue;
    if (file.parent_path().filename() == "tasks") continue;  // scripts: there is nothing to build
    InitOptions options;
    options.dry_run = true;
    const auto proposal = propose(file.parent_path(), options, run_program);
    INFO(file);
    REQUIRE(proposal);
    INFO(proposal->text);
    CHECK(problems(proposal->text, file) == "");
    CHECK_FALSE(proposal->targets().empty());
  }
}

TEST_CASE("every kind of target that init proposes is one that loads") {
  const TempDir project;
  project.write("Cargo.toml", "[package]\nname = \"a b\"\n[lib]\ncrate-type = [\"cdylib\"]\n");
  project.write("src/lib.rs", "#[test]\n");
  project.write("package.json",
                R"({"name": "@x/y", "bin": "dist/y.js", "main": "lib/y.js",
                    "scripts": {"build": "tsc", "test": "x"}})");
  project.write("Package.swift", "targets: [.testTarget(name: \"T\")]");
  project.write("pyproject.toml", "");
  project.write("a.py", "");
  project.write("go.mod", "module daemon\n");
  project.write("x.go", "package x\n");
  project.write("Makefile", "all: app lib.a doc.pdf dir\n");
  project.write("app.c", "");
  project.write("dir/x.c", "");
  const auto proposal = proposal_for(project);
  INFO(proposal.text);
  CHECK(summary(proposal).size() >= 9);
  CHECK(problems(proposal.text, project / "poltergeist.config.json") == "");
}
