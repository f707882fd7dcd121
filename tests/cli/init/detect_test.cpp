// SPDX-License-Identifier: MIT
#include "cli/init/detect.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/init/proposals.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

TEST_CASE("an empty directory proposes a configuration without targets, and runs nothing") {
  const TempDir project;
  const auto proposal = proposal_for(project);
  CHECK(proposal.findings.empty());
  CHECK(proposal.text ==
        "{\n  \"version\": \"1.0\",\n  \"projectType\": \"mixed\",\n  \"targets\": []\n}\n");
}

TEST_CASE("a directory that is not there is an error that names it") {
  const auto proposal = propose("/nowhere/at/all", {}, run_nothing);
  REQUIRE_FALSE(proposal);
  CHECK(proposal.error().code == Errc::NotFound);
  CHECK(proposal.error().message.find("/nowhere/at/all") != std::string::npos);
}

TEST_CASE("the text is JSON in a fixed order, with the keys that were found and no others") {
  const TempDir project;
  project.write("Cargo.toml", "[package]\nname = \"tool\"\n");
  project.write("src/main.rs", "fn main() {}\n");
  CHECK(proposal_for(project).text == R"({
  "version": "1.0",
  "projectType": "rust",
  "targets": [
    {
      "name": "tool",
      "type": "executable",
      "buildCommand": "cargo build --bin tool",
      "outputPath": "target/debug/tool",
      "watchPaths": [
        "src/**/*.rs",
        "Cargo.toml"
      ]
    }
  ]
}
)");
}

TEST_CASE("several kinds in one project are all proposed, each under names of its own") {
  const TempDir project;
  project.write("Cargo.toml", "[package]\nname = \"shop\"\n");
  project.write("src/main.rs", "fn main() {}\n#[test]\nfn works() {}\n");
  project.write("package.json", R"({"name": "shop", "scripts": {"build": "x", "test": "y"}})");
  project.write("go.mod", "module example.org/shop\n");
  project.write("main.go", "package main\n\nfunc main() {}\n");
  const auto proposal = proposal_for(project);
  CHECK(proposal.type == config::ProjectType::Mixed);
  CHECK(summary(proposal) == Names{"shop executable", "test test", "shop-node npm",
                                   "test-node test", "shop-go executable"});
}

TEST_CASE("without auto-add only what is declared is proposed") {
  const TempDir project;
  project.write("Makefile", "app: app.c\n\tcc -o app app.c\n");
  project.write("app.c", "int main(void) { return 0; }\n");
  project.write("go.mod", "module m\n");
  project.write("main.go", "package main\n");
  project.write("test_app.py", "import unittest\n");
  CHECK(proposal_for(project, {.auto_add = false}).targets().empty());
  CHECK(summary(proposal_for(project)) == Names{"test test", "m executable", "app executable"});
}

TEST_CASE("a Makefile that only commands another build system is no target") {
  const TempDir project;
  project.write("Makefile", ".PHONY: all\nall:\n\tgo build ./...\n");
  project.write("go.mod", "module m\n");
  project.write("main.go", "package main\n");
  CHECK(summary(proposal_for(project)) == Names{"m executable"});
}

TEST_CASE("a name that a configuration does not allow becomes one that it does") {
  CHECK(target_name_for("my app") == "my-app");
  CHECK(target_name_for("../x") == "x");
  CHECK(target_name_for("a..b") == "a.b");
  CHECK(target_name_for("日本") == "app");
  CHECK(target_name_for(std::string(100, 'x')).size() == 60);

  const TempDir project;
  project.write("Cargo.toml", "[package]\nname = \"daemon\"\n");
  project.write("src/main.rs", "fn main() {}\n");
  CHECK(summary(proposal_for(project)) == Names{"daemon-cargo executable"});
}
