// SPDX-License-Identifier: MIT
// The sidecar and the cleanup that somebody asks `init` for.
#include "cli/init/additions.h"

#include <catch2/catch.hpp>

#include "cli/init/proposals.h"
#include "config/load.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;

namespace {

ProposedTarget program(const std::string& name) {
  return {.name = name, .build_command = "make", .output_path = name, .watch_paths = {"*.c"}};
}

ProposedTarget library(const std::string& name) {
  auto target = program(name);
  target.type = config::TargetType::Library;
  target.library_type = config::LibraryType::Static;
  return target;
}

Proposal proposal_with(std::vector<ProposedTarget> targets) {
  return proposal_of({{.kind = "Make", .source = "Makefile", .targets = std::move(targets)}});
}

Refusal refusal_for(const Proposal& proposal, const Additions& additions) {
  const auto complete = with_additions(proposal, additions);
  return complete ? Refusal{ExitCode::Yes, complete->text, {}} : complete.error();
}

}  // namespace

TEST_CASE("a sidecar and a cleanup go to the only program and load as they were given") {
  const auto proposal = proposal_with({program("app"), library("lib")});
  const auto complete = with_additions(
      proposal, {.post_run = "tunnel ${X} {port}", .cleanup = "rm \"$Y\"", .target = {}});
  REQUIRE(complete);
  const auto loaded = config::load_project(complete->text, "/p/poltergeist.config.json", {});
  REQUIRE(loaded);
  const auto& auto_run = loaded->project.targets.at(0).auto_run;
  REQUIRE(auto_run);
  CHECK(auto_run->enabled);
  CHECK(auto_run->post_run == "tunnel ${X} {port}");
  CHECK(auto_run->cleanup == "rm \"$Y\"");
  CHECK_FALSE(loaded->project.targets.at(1).auto_run);
}

TEST_CASE("what is kept running already is what is meant, and keeps what is not replaced") {
  auto kept = program("dev");
  kept.auto_run = ProposedAutoRun{.command = "bash", .post_run = "old", .cleanup = "stays"};
  const auto complete = with_additions(proposal_with({program("app"), kept}), {.post_run = "new"});
  REQUIRE(complete);
  CHECK_FALSE(target_in(*complete, "app").auto_run);
  CHECK(target_in(*complete, "dev").auto_run->post_run == "new");
  CHECK(target_in(*complete, "dev").auto_run->cleanup == "stays");
}

TEST_CASE("of several programs one is named, in any spelling") {
  const auto proposal = proposal_with({program("app-one"), program("two"), library("lib")});
  CHECK(refusal_for(proposal, {.post_run = "x"}).code == ExitCode::Usage);
  CHECK(refusal_for(proposal, {.post_run = "x"}).message.ends_with("with one of app-one, two"));
  const auto complete = with_additions(proposal, {.post_run = "x", .target = "APP-ONE"});
  REQUIRE(complete);
  CHECK(target_in(*complete, "app-one").auto_run);
  CHECK_FALSE(target_in(*complete, "two").auto_run);
}

TEST_CASE("additions that have no place are refused with the reason") {
  const auto proposal = proposal_with({program("app"), library("lib")});
  CHECK(refusal_for(proposal, {.post_run = "x", .target = "ap"}).code == ExitCode::Unknown);
  CHECK(refusal_for(proposal, {.post_run = "x", .target = "ap"}).message ==
        "no target \"ap\" was found; did you mean \"app\"? (targets: app, lib)");
  CHECK(refusal_for(proposal, {.post_run = "x", .target = "lib"}).code == ExitCode::Usage);
  CHECK(refusal_for(proposal, {.target = "app"}).code == ExitCode::Usage);
  CHECK(refusal_for(proposal, {.cleanup = "rm \xff"}).code == ExitCode::Usage);
  CHECK(refusal_for(proposal_with({library("lib")}), {.cleanup = "x"}).code == ExitCode::Usage);
  CHECK(refusal_for(proposal, {}).message == proposal.text);
}
