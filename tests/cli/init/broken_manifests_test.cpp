// SPDX-License-Identifier: MIT
// Manifests as they are while somebody types, or as nobody ever meant them.
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/init/proposals.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

namespace {

const std::vector<std::pair<const char*, std::string>> kManifests = {
    {"Cargo.toml",
     "[package]\nname = \"tool\"\nautobins = false\n[[bin]]\nname = \"a\"\npath = 'src/a.rs'\n"
     "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[workspace]\nmembers = [\"crates/*\", 'x']\n"
     "[dependencies]\nserde = { version = \"1\", features = [\"derive\"], path = \"../s\" }\n"},
    {"package.json",
     R"({"name": "@a/b", "packageManager": "pnpm@9", "bin": {"x": "dist/x.js"}, "main": "dist/m.js",
         "scripts": {"build": "tsc", "test": "t"}, "workspaces": {"packages": ["p/*"]}})"},
    {"pnpm-workspace.yaml", "packages:\n  - 'p/*'\n"},
    {"pyproject.toml", "[tool.pytest.ini_options]\naddopts = \"\"\"\n-q\n\"\"\"\n"},
    {"go.mod", "module example.org/tool/v2\n\ngo 1.19\n"},
    {"Package.swift",
     "let p = Package(targets: [.executableTarget(name: \"X\"), .testTarget(name: \"T\")])"},
    {"Makefile",
     "NAME ?= $(shell echo x)\nall: $(NAME) $(A:.c=.o) | build\n$(NAME): a.o\n\tcc $^\n"
     ".PHONY: all\nifeq (1,1)\ntest: ; true\nendif\n"},
    {"CMakeLists.txt",
     "project(demo)\n#[[ comment ]]\nadd_executable(${PROJECT_NAME} main.c \"a b.c\")\n"
     "add_library(l STATIC [=[x.c]=])\nadd_subdirectory(sub)\nadd_test(NAME t COMMAND t)\n"}};

std::string damaged(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t end) { return random() % std::max<std::size_t>(end, 1); };
  for (std::size_t n = below(4); n > 0 && !text.empty(); --n) {
    const auto at = below(text.size());
    switch (below(4)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text[at] = static_cast<char>(random());
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), below(20)));
        break;
      default:
        text.erase(at, below(10));
        break;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("damaged manifests never end the search, and what is proposed is always JSON") {
  const TempDir project;
  for (const auto* source : {"a.py", "main.go", "x_test.go", "src/main.rs", "main.c", "p/q/a.ts"}) {
    project.write(source, "package main\n#[test]\n");
  }
  project.write("p/q/package.json", R"({"name": "q", "scripts": {"build": "x"}})");
  const auto no_cmake = [](const auto&, const auto&) -> Result<std::string> {
    return fail(Errc::NotFound, "no cmake here");
  };
  std::mt19937 random(20260131);
  for (int round = 0; round < 150; ++round) {
    for (const auto& [name, text] : kManifests) project.write(name, damaged(text, random));
    const auto proposal = proposal_for(project, {.dry_run = true}, no_cmake);
    INFO("round " << round << "\n" << proposal.text);
    const auto json = nlohmann::json::parse(proposal.text, nullptr, false);
    REQUIRE(json.is_object());
    std::set<std::string> names;
    for (const auto& target : json.at("targets")) {
      REQUIRE(names.insert(target.at("name").get<std::string>()).second);
      REQUIRE(target.contains("watchPaths"));
    }
  }
}
