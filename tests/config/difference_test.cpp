// SPDX-License-Identifier: MIT
#include "config/difference.h"

#include <catch2/catch.hpp>

#include "config/loading.h"

using namespace poltergeist;
using namespace poltergeist::config;
using Ids = std::vector<TargetId>;

namespace {

std::string named(const std::string& name, const std::string& more = "") {
  return R"({"name": ")" + name +
         R"(", "type": "executable", "buildCommand": "make", "outputPath": "x", "watchPaths": ["s"])" +
         (more.empty() ? "" : ", ") + more + "}";
}

Difference difference(const std::string& before, const std::string& after) {
  return between(test::load(before).project, test::load(after).project);
}

// What one member more changes about a target.
TargetChange change_by(const std::string& more) {
  const auto found = difference(test::project(named("a")), test::project(named("a", more)));
  CHECK(found.added.empty());
  CHECK(found.removed.empty());
  REQUIRE(found.changed.size() == 1);
  return found.changed[0];
}

}  // namespace

TEST_CASE("comments, blanks and the order of targets are no change") {
  CHECK(difference(test::project(named("a") + "," + named("b")),
                   "// a comment\n\n\n" + test::project(named("b") + "  ,  /* */" + named("a")))
            .none());
}

TEST_CASE("targets come and go by name") {
  const auto found = difference(test::project(named("a") + "," + named("b")),
                                test::project(named("c") + "," + named("b")));
  CHECK(found.added == Ids{TargetId("c")});
  CHECK(found.removed == Ids{TargetId("a")});
  CHECK(found.changed.empty());
}

TEST_CASE("a change of a target names the part of it that is concerned, and no other") {
  const TargetId a("a");
  for (const auto* build : {R"("enabled": false)", R"("env": {"A": "b"})", R"("timeoutSeconds": 1)",
                            R"("cwd": "x")", R"("maxRetries": 1)", R"("gracePeriodSeconds": 1)"}) {
    CHECK(change_by(build) == TargetChange{.name = a, .build = true});
  }
  CHECK(change_by(R"("settlingDelay": 5)") == TargetChange{.name = a, .watch = true});
  CHECK(change_by(R"("autoRun": {"enabled": true})") == TargetChange{.name = a, .auto_run = true});
  CHECK(change_by(R"("postBuild": [{"name": "x", "command": "y"}])") ==
        TargetChange{.name = a, .post_build = true});
  CHECK(change_by(R"("group": "x")") == TargetChange{.name = a, .shown = true});
}

TEST_CASE("a change of the project names the section that is concerned, and no other") {
  const auto change = [](const std::string& more) {
    return difference(test::project(named("a")), test::project(named("a"), more));
  };
  CHECK(change(R"("watcher": {"settlingDelay": 30})") == Difference{.watcher = true});
  CHECK(change(R"("projectType": "cmake")") == Difference{.watcher = true});
  CHECK(change(R"("buildScheduling": {"onChange": "cancel"})") == Difference{.scheduling = true});
  CHECK(change(R"("notifications": {"buildStart": true})") == Difference{.notifications = true});
  CHECK(change(R"("logging": {"level": "debug"})") == Difference{.logging = true});
  CHECK(change(R"("state": {"heartbeatSeconds": 5})") == Difference{.heartbeat = true});
  CHECK(change(R"("performance": {})").none());
}
