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
  for (const auto* build :
       {R"("enabled": false)", R"("env": {"A": "b"})", R"("timeoutSeconds": 1)", R"("cwd": "x")",
        R"("maxRetries": 1)", R"("gracePeriodSeconds": 1)", R"("exitCodes": {"retry": [75]})"}) {
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
  CHECK(change(R"("logging": {"format": "json"})") == Difference{.logging = true});
  CHECK(change(R"("state": {"heartbeatSeconds": 5})") == Difference{.heartbeat = true});
  CHECK(change(R"("performance": {})").none());
}

TEST_CASE("a task that is added, changed or removed is a change of the tasks, and no other") {
  const auto tasks = [](const std::string& list) {
    return test::project(named("a"), "\"tasks\": [" + list + "]");
  };
  const std::string one = R"({"name": "x", "command": "y"})";
  const std::string two = R"({"name": "z", "command": "y"})";
  CHECK(difference(tasks(""), tasks(one)) == Difference{.tasks = true});
  CHECK(difference(tasks(one), tasks("")) == Difference{.tasks = true});
  CHECK(difference(tasks(one), tasks(two)) == Difference{.tasks = true});
  CHECK(difference(tasks(one), tasks(R"({"name": "x", "command": "y", "args": ["z"]})")) ==
        Difference{.tasks = true});
  CHECK(difference(tasks(one + "," + two), tasks("\n" + two + ", /**/" + one)).none());
}

TEST_CASE("a change of the worker is one of the tasks only where they are in its queue") {
  const auto with = [](const std::string& worker, const std::string& queue) {
    return test::project(named("a"), R"("tasks": [{"name": "x", "command": "y")" + queue +
                                         R"(}], "worker": {)" + worker + "}");
  };
  const std::string queue = R"("queue": "fast")";
  CHECK(difference(with("", ""), with(R"("concurrency": 2)", "")) == Difference{.worker = true});
  CHECK(difference(with("", ""), with(queue, "")) == Difference{.tasks = true, .worker = true});
  CHECK(difference(with("", "," + queue), with(queue, "," + queue)) == Difference{.worker = true});
}

TEST_CASE("another input of a hook's task concerns the hooks, and the order of its keys nothing") {
  const auto hook = [](const std::string& input) {
    return test::project(
        named("a", R"("postBuild": [{"name": "h", "task": "x", "input": )" + input + "}]"),
        R"("tasks": [{"name": "x", "command": "y"}])");
  };
  const auto found = difference(hook(R"({"k": 1})"), hook(R"({"k": 2})"));
  REQUIRE(found.changed.size() == 1);
  CHECK(found.changed[0] == TargetChange{.name = TargetId("a"), .post_build = true});
  CHECK_FALSE(found.tasks);
  CHECK(difference(hook(R"({"k": 1, "l": 2})"), hook(R"({"l": 2, "k": 1})")).none());
}
