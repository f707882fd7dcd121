// SPDX-License-Identifier: MIT
// One project per shape that people have; what each proposes.
#include <catch2/catch.hpp>

#include "cli/init/proposals.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

TEST_CASE("a crate: every binary that cargo would build, by its own name") {
  const TempDir project;
  project.write("Cargo.toml", R"(
[package]
name = "tool-box"
build = "build.rs"

[[bin]]
name = "hammer"
path = "src/hammer.rs"
)");
  project.write("build.rs", "");
  project.write("src/main.rs", "");
  project.write("src/hammer.rs", "");
  project.write("src/bin/saw.rs", "");
  project.write("src/bin/drill/main.rs", "");
  const auto proposal = proposal_for(project);
  CHECK(proposal.type == config::ProjectType::Rust);
  CHECK(summary(proposal) ==
        Names{"hammer executable", "tool-box executable", "saw executable", "drill executable"});
  const auto saw = target_in(proposal, "saw");
  CHECK(saw.build_command == "cargo build --bin saw");
  CHECK(saw.output_path == "target/debug/saw");
  CHECK(saw.watch_paths == Names{"src/**/*.rs", "build.rs", "Cargo.toml"});
}

TEST_CASE("a crate without a binary is a library, with the file that its type makes") {
  const TempDir project;
  project.write("src/lib.rs", "#[test]\nfn t() {}\n");
  project.write("Cargo.toml", "[package]\nname = \"my-lib\"\n");
  auto lib = target_in(proposal_for(project), "my-lib");
  CHECK(lib.type == config::TargetType::Library);
  CHECK(lib.output_path == "target/debug/libmy_lib.rlib");
  CHECK(lib.library_type == config::LibraryType::Static);
  CHECK(target_in(proposal_for(project), "test").test_command == "cargo test");

  project.write("Cargo.toml", "[package]\nname = \"my-lib\"\n[lib]\ncrate-type = [\"cdylib\"]\n");
  lib = target_in(proposal_for(project), "my-lib");
  CHECK(lib.output_path == "target/debug/libmy_lib.so");
  CHECK(lib.library_type == config::LibraryType::Dynamic);
}

TEST_CASE("a workspace: its members, and what each is built from") {
  const TempDir project;
  project.write("Cargo.toml",
                "[workspace]\nmembers = [\n  \"crates/*\", # all\n]\nexclude = [\"crates/old\"]\n");
  project.write("Cargo.lock", "");
  project.write("crates/server/Cargo.toml",
                "[package]\nname = \"server\"\n[dependencies]\ncore = { path = \"../core\" }\n");
  project.write("crates/server/src/main.rs", "");
  project.write("crates/core/Cargo.toml", "[package]\nname = \"core\"\n");
  project.write("crates/core/src/lib.rs", "");
  project.write("crates/old/Cargo.toml", "[package]\nname = \"old\"\n");
  project.write("crates/old/src/main.rs", "");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"core library", "server executable"});
  const auto server = target_in(proposal, "server");
  CHECK(server.build_command == "cargo build -p server --bin server");
  CHECK(server.output_path == "target/debug/server");
  CHECK(server.watch_paths == Names{"crates/server/src/**/*.rs", "crates/server/Cargo.toml",
                                    "Cargo.toml", "Cargo.lock", "crates/core/src/**/*.rs",
                                    "crates/core/Cargo.toml"});
}

TEST_CASE("a Cargo.toml that does not parse is a note with its line, not an end") {
  const TempDir project;
  project.write("Cargo.toml", "[package]\nname = \n");
  project.write("package.json", R"({"scripts": {"build": "x"}})");
  const auto proposal = proposal_for(project);
  CHECK(proposal.notes() == Names{"Cargo: Cargo.toml: line 2: a value is missing"});
  CHECK(proposal.targets().size() == 1);
}

TEST_CASE("a package with a build script: the manager, and what the build leaves") {
  const TempDir project;
  project.write("package.json", R"({
    "name": "@acme/tool",
    "packageManager": "pnpm@9.1.0",
    "bin": {"tool": "./dist/cli.js"},
    "main": "dist/index.js",
    "scripts": {"build": "tsc", "test": "vitest run"}
  })");
  project.write("package-lock.json", "{}");
  project.write("tsconfig.json", "{}");
  project.write("src/index.ts", "");
  project.write("src/page.css", "");
  project.write("node_modules/x/index.js", "");
  const auto proposal = proposal_for(project);
  CHECK(proposal.type == config::ProjectType::Node);
  CHECK(summary(proposal) == Names{"tool npm", "test test"});
  const auto tool = target_in(proposal, "tool");
  CHECK(tool.package_manager == config::PackageManager::Pnpm);
  CHECK(tool.output_path == "dist/cli.js");
  CHECK(tool.output_paths == Names{"dist/index.js"});
  CHECK(tool.watch_paths ==
        Names{"src/**/*.{css,ts}", "package.json", "tsconfig.json", "package-lock.json"});
  CHECK(target_in(proposal, "test").test_command == "pnpm run test");
}

TEST_CASE("the lock file tells the package manager where package.json does not") {
  const TempDir project;
  project.write("package.json", R"({"scripts": {"build": "x"}})");
  const auto manager = [&] { return proposal_for(project).targets().at(0).package_manager; };
  CHECK(manager() == config::PackageManager::Npm);
  project.write("yarn.lock", "");
  CHECK(manager() == config::PackageManager::Yarn);
  project.write("pnpm-lock.yaml", "");
  CHECK(manager() == config::PackageManager::Pnpm);
  project.write("bun.lock", "");
  CHECK(manager() == config::PackageManager::Bun);
}

TEST_CASE("a program that needs no build script is checked before it runs") {
  const TempDir project;
  project.write("package.json", R"({"name": "srv", "main": "server.js",
    "scripts": {"test": "echo \"Error: no test specified\" && exit 1"}})");
  project.write("server.js", "");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"srv executable"});
  CHECK(target_in(proposal, "srv").build_command == "node --check server.js");
  CHECK(target_in(proposal, "srv").output_path == "server.js");
}

TEST_CASE("the members of a workspace that build are targets with their own directory") {
  const TempDir project;
  project.write("package.json", R"({"workspaces": ["packages/*"], "scripts": {"build": "all"}})");
  project.write("packages/ui/package.json", R"({"name": "@a/ui", "scripts": {"build": "x"}})");
  project.write("packages/ui/src/a.tsx", "");
  project.write("packages/types/package.json", R"({"name": "@a/types"})");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"ui npm"});
  CHECK(target_in(proposal, "ui").cwd == "packages/ui");
  CHECK(target_in(proposal, "ui").watch_paths ==
        Names{"packages/ui/src/**/*.tsx", "packages/ui/package.json"});

  project.write("package.json", R"({"name": "top"})");
  project.write("pnpm-workspace.yaml", "packages:\n  - 'packages/*'\n  - \"!**/x\"\n");
  CHECK(summary(proposal_for(project)) == Names{"ui npm"});
}

TEST_CASE("Python tests run by pytest where it is named, else by unittest") {
  const TempDir project;
  project.write("pyproject.toml", "[project]\nname = \"p\"\n");
  project.write("src/p/__init__.py", "");
  project.write("tests/test_p.py", "");
  const auto command = [&] { return target_in(proposal_for(project), "test").test_command; };
  CHECK(command() == "python3 -m unittest discover -s tests");
  project.write("tests/__init__.py", "");
  CHECK(command() == "python3 -m unittest discover -s tests -t .");
  project.write("requirements-dev.txt", "pytest>=8\n");
  CHECK(command() == "python3 -m pytest -q");
  project.write(".venv/bin/python", "");
  CHECK(command() == ".venv/bin/python -m pytest -q");
  CHECK(target_in(proposal_for(project), "test").watch_paths ==
        Names{"src/**/*.py", "tests/**/*.py", "pyproject.toml", "requirements-dev.txt"});
  CHECK(proposal_for(project).type == config::ProjectType::Python);
}

TEST_CASE("a Python project without tests is at least compiled, and says so") {
  const TempDir project;
  project.write("setup.py", "");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"check custom"});
  CHECK(proposal.notes().size() == 1);
}

TEST_CASE("a Go module: its commands, without rebuilding them for a test") {
  const TempDir project;
  project.write("go.mod", "module example.org/acme/tool/v2 // the second\n\ngo 1.19\n");
  project.write("go.sum", "");
  project.write("cmd/serve/main.go", "// Serves.\npackage main\n");
  project.write("cmd/docs/doc.go", "package docs\n");
  project.write("tool.go", "package tool\n");
  project.write("tool_test.go", "package tool\n");
  const auto proposal = proposal_for(project);
  CHECK(summary(proposal) == Names{"serve executable", "test test"});
  const auto serve = target_in(proposal, "serve");
  CHECK(serve.build_command == "go build -o dist/bin/serve ./cmd/serve");
  CHECK(serve.output_path == "dist/bin/serve");
  CHECK(serve.watch_paths == Names{"**/*.go", "!**/*_test.go", "go.mod", "go.sum"});
}

TEST_CASE("a Go module is named by its path: a program in the root, or a library") {
  const TempDir project;
  project.write("go.mod", "module example.org/acme/tool/v2\n");
  project.write("tool.go", "package tool\n");
  CHECK(summary(proposal_for(project)) == Names{"tool custom"});
  project.write("tool.go", "package main\n");
  CHECK(summary(proposal_for(project)) == Names{"tool executable"});
}

TEST_CASE("a Swift package: its products and its tests") {
  const TempDir project;
  project.write("Package.swift", R"(
let package = Package(
  name: "Demo",
  products: [.executable(name: "demo", targets: ["Demo"])],
  targets: [.executableTarget(name: "Demo"), .testTarget(
      name: "DemoTests", dependencies: ["Demo"])])
)");
  const auto proposal = proposal_for(project);
  CHECK(proposal.type == config::ProjectType::Swift);
  CHECK(summary(proposal) == Names{"demo executable", "test test"});
  CHECK(target_in(proposal, "demo").output_path == ".build/debug/demo");
}
