// SPDX-License-Identifier: MIT
#include "cli/target_choice.h"

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::cli;

namespace {

config::Project project_with(const std::vector<std::pair<std::string, bool>>& targets) {
  config::Project project;
  for (const auto& [name, enabled] : targets) {
    config::Target target;
    target.name = TargetId(name);
    target.enabled = enabled;
    project.targets.push_back(target);
  }
  return project;
}

const auto kNoneBuilds = [](const TargetId&) { return false; };

}  // namespace

TEST_CASE("without a name the only enabled target is meant") {
  CHECK(chosen_target(project_with({{"app", true}, {"old", false}}), "", "build") ==
        TargetId("app"));
}

TEST_CASE("several enabled targets, or none, leave the choice to the caller: exit code 2") {
  const auto several = chosen_target(project_with({{"app", true}, {"lib", true}}), "", "build");
  REQUIRE_FALSE(several);
  CHECK(several.error().code == ExitCode::Usage);
  CHECK(several.error().message ==
        "which target? `poltergeist build <target>` with one of app, lib");
  const auto none = chosen_target(project_with({{"old", false}}), "", "build");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ExitCode::Usage);
}

TEST_CASE("a disabled target may be named, and case and separators do not matter") {
  const auto project = project_with({{"My App", false}, {"lib", true}});
  CHECK(chosen_target(project, "My App", "build") == TargetId("My App"));
  CHECK(chosen_target(project, "my-app", "build") == TargetId("My App"));
}

TEST_CASE("an unknown target is exit code 4, with the near and all names") {
  const auto wrong = named_target(project_with({{"server", true}, {"lib", true}}), "sevrer");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ExitCode::Unknown);
  CHECK(wrong.error().message ==
        "there is no target \"sevrer\"; did you mean \"server\"? (targets: server, lib)");
}

TEST_CASE("who looks on means the one that is building, else as everybody") {
  const auto project = project_with({{"app", true}, {"lib", true}});
  const auto lib_builds = [](const TargetId& target) { return target == TargetId("lib"); };
  CHECK(watched_target(project, "", "logs", lib_builds) == TargetId("lib"));
  CHECK(watched_target(project, "app", "logs", lib_builds) == TargetId("app"));
  CHECK_FALSE(watched_target(project, "", "logs", kNoneBuilds));
}
