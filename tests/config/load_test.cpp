// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <csignal>

#include <catch2/catch.hpp>

#include "config/loading.h"

using namespace poltergeist;
using namespace poltergeist::config;
using namespace poltergeist::test;
using Texts = std::vector<std::string>;

namespace {

// What upstream documents for its version "1.0": each target type once, every section with every
// key.
constexpr std::string_view kUpstream = R"({
  "version": "1.0",
  "projectType": "mixed",
  "targets": [
    {"name": "cli", "type": "executable", "enabled": true, "buildCommand": "make cli", "outputPath": "./dist/cli",
     "watchPaths": ["src/**/*.{c,h}", "Makefile"], "settlingDelay": 1000, "debounceInterval": 2000,
     "environment": {"CC": "gcc"}, "maxRetries": 3, "backoffMultiplier": 1.5, "icon": "icon.png", "group": "tools",
     "logChannels": ["lint"],
     "postBuild": [
       {"name": "tests", "command": "make test", "runOn": ["success", "failure"], "formatter": "swift", "timeoutSeconds": 30,
        "env": {"A": "b"}, "cwd": "sub", "maxLines": 3},
       {"name": "note", "command": "true", "runOn": "always"}],
     "autoRun": {"enabled": true, "command": "./serve", "args": ["-x"], "restartSignal": "SIGTERM", "restartDelayMs": 100,
       "env": {"PORT": "1"}}},
    {"name": "Poltergeist.app", "type": "app-bundle", "buildCommand": "xcodebuild", "bundleId": "com.example.app",
     "platform": "macos", "autoRelaunch": true, "launchCommand": "open x.app", "watchPaths": []},
    {"name": "unit", "type": "test", "testCommand": "make check", "coverageFile": "cov.xml", "watchPaths": []},
    {"name": "web", "type": "npm", "buildScript": "bundle", "packageManager": "pnpm", "outputPaths": ["dist/a.js"],
     "installOnChange": false, "watchPaths": ["web/"]},
    {"name": "tool", "type": "cmake-executable", "targetName": "tool", "generator": "Ninja", "buildType": "Debug",
     "cmakeArgs": ["-DX=1"], "outputPath": "build/tool", "parallel": false, "watchPaths": []},
    {"name": "core", "type": "cmake-library", "targetName": "core", "libraryType": "shared", "watchPaths": []},
    {"name": "gen", "type": "cmake-custom", "targetName": "gen", "watchPaths": []},
    {"name": "lib", "type": "library", "buildCommand": "make lib", "outputPath": "lib.a", "libraryType": "dynamic",
     "watchPaths": []},
    {"name": "kit", "type": "framework", "buildCommand": "make kit", "outputPath": "Kit.framework", "platform": "ios",
     "watchPaths": []},
    {"name": "image", "type": "docker", "buildCommand": "docker build .", "imageName": "me/image", "dockerfile": "Dockerfile",
     "context": ".", "tags": ["latest"], "watchPaths": []},
    {"name": "other", "type": "custom", "enabled": false, "buildCommand": "./x.sh", "config": {"any": [1, {"thing": null}]},
     "watchPaths": []}
  ],
  "statusScripts": [{"label": "lint", "command": "lint", "targets": ["cli"], "cooldownSeconds": 60, "timeoutSeconds": 30,
    "maxLines": 1, "formatter": "auto"}],
  "summaryScripts": [{"label": "todo", "command": "todo", "countLabel": null, "placement": "row", "refreshSeconds": 1800,
    "timeoutSeconds": 30, "maxLines": 10, "formatter": "none"}],
  "watchman": {"useDefaultExclusions": false, "excludeDirs": ["vendor", "**/gen/**"], "projectType": "node",
    "maxFileEvents": 10000, "recrawlThreshold": 5, "settlingDelay": 1000,
    "rules": [{"pattern": "**/*.tmp", "action": "ignore", "reason": "scratch", "enabled": false}]},
  "performance": {"profile": "balanced", "autoOptimize": true, "metrics": {"enabled": true, "reportInterval": 300}},
  "buildScheduling": {"parallelization": 4, "prioritization": {"enabled": false, "focusDetectionWindow": 1000,
    "priorityDecayTime": 2000, "buildTimeoutMultiplier": 2.0}},
  "notifications": {"enabled": false, "successSound": "Glass", "failureSound": "Basso"},
  "logging": {"file": ".poltergeist.log", "level": "debug"}
})";

}  // namespace

TEST_CASE("all that upstream documents is accepted and means what it meant") {
  const auto project = load(kUpstream).project;
  CHECK(project.root == "/p");
  CHECK(project.file == kConfiguration);
  REQUIRE(project.targets.size() == kTargetTypes.size());

  const auto& cli = project.targets[0];
  CHECK(cli.name == TargetId("cli"));
  CHECK(std::get<CommandKind>(cli.kind).build_command == "make cli");
  CHECK(cli.output_path == "./dist/cli");
  CHECK(cli.watch_paths == Texts{"src/**/*.{c,h}", "Makefile"});
  CHECK(cli.settling_delay == Milliseconds(1000));
  CHECK(cli.env == Environment{{"CC", "gcc"}});
  CHECK(cli.max_retries == 3);
  CHECK(cli.backoff_multiplier == 1.5);
  REQUIRE(cli.post_build.size() == 2);
  CHECK(cli.post_build[0].on_success);
  CHECK(cli.post_build[0].on_failure);
  CHECK(cli.post_build[0].timeout == Seconds(30));
  CHECK(cli.post_build[1].on_failure);
  REQUIRE(cli.auto_run);
  CHECK(cli.auto_run->restart_signal == SIGTERM);
  CHECK(cli.auto_run->restart_delay == Milliseconds(100));

  CHECK(std::get<CommandKind>(project.targets[1].kind).bundle_id == "com.example.app");
  CHECK(std::get<TestKind>(project.targets[2].kind).test_command == "make check");
  CHECK(std::get<NpmKind>(project.targets[3].kind).package_manager == PackageManager::Pnpm);
  CHECK(std::get<CMakeKind>(project.targets[4].kind).build_type == CMakeBuildType::Debug);
  CHECK(std::get<CMakeKind>(project.targets[5].kind).library_type == LibraryType::Shared);
  CHECK(std::get<CommandKind>(project.targets[7].kind).library_type == LibraryType::Dynamic);
  CHECK(std::get<CommandKind>(project.targets[9].kind).tags == Texts{"latest"});
  CHECK_FALSE(project.targets[10].enabled);

  CHECK_FALSE(project.watcher.use_default_exclusions);
  CHECK(project.watcher.settling_delay == Milliseconds(1000));
  CHECK(project.watcher.rules.at(0).reason == "scratch");
  CHECK(project.scheduling.parallelization == 4);
  CHECK(project.scheduling.prioritization.focus_detection_window == Milliseconds(1000));
  CHECK(project.notifications.failure_sound == "Basso");
  CHECK(project.logging.level == LogLevel::Debug);
}

TEST_CASE("what upstream required inside sections has defaults here") {
  CHECK(problems_in(project("", R"("buildScheduling": {}, "performance": {}, "logging": {})"))
            .empty());
  CHECK(load(project("")).project.type == ProjectType::Mixed);
}

TEST_CASE("a wrong configuration is told line, column and what to do") {
  struct Case {
    std::string text;
    Texts problems;
  };
  const auto [text, problems] = GENERATE(values<Case>({
      {"[]", {"1:1: expected an object in { }, not a list"}},
      {"{\"version\": \"1.0\"}", {"1:1: \"targets\" is missing: it must be a list of objects"}},
      {"{\"version\": 1.0, \"targets\": []}", {"1:13: \"version\" must be \"1.0\", not 1"}},
      {"{\"version\": \"2.0\", \"targets\": {}}",
       {"1:13: \"version\" must be \"1.0\", not \"2.0\"",
        "1:31: \"targets\" must be a list of objects, not an object"}},
      {project("", R"("projectType": "nodejs")"),
       {R"(3:16: "projectType" must be "swift", "node", "rust", "python", "cmake" or "mixed", not "nodejs"; did you mean "node"?)"}},
      {project("", R"("target": [])"), {R"(3:1: unknown key "target"; did you mean "targets"?)"}},
      {project("", R"("settlingDelay": 5)"),
       {R"(3:1: unknown key "settlingDelay"; it belongs in "targets[]" or "watcher")"}},
      {project("7"), {"2:1: expected an object in { }, not a number"}},
      {project("{}"),
       {R"(2:1: "name" is missing: it must be text)",
        R"(2:1: "type" is missing: it must be "executable", "app-bundle", "library", "framework", "test", "docker", "custom", "npm", "cmake-executable", "cmake-library" or "cmake-custom")",
        R"(2:1: "watchPaths" is missing: it must be a list of texts)"}},
      {project(R"({"name": "a", "type": "executable", "watchPaths": []})"),
       {R"(2:1: "buildCommand" is missing in this target of type executable: it must be text)",
        R"(2:1: "outputPath" is missing in this target of type executable: it must be text)"}},
      {project(R"({"name": "a", "type": "cmake-library", "watchPaths": []})"),
       {R"(2:1: "targetName" is missing in this target of type cmake-library: it must be text)",
        R"(2:1: "libraryType" is missing in this target of type cmake-library: it must be "static", "shared" or "dynamic")"}},
      {project(target(R"("buildComand": "make")")),
       {R"(3:1: unknown key "buildComand"; did you mean "buildCommand"?)"}},
      {project(target(R"("bundleId": "x")")),
       {R"(3:1: "bundleId" belongs to targets of type app-bundle, not to executable)"}},
      {project(target(R"("postRun": "x")")),
       {R"(3:1: unknown key "postRun"; it belongs in "targets[].autoRun")"}},
      {project(target(R"("enabled": "yes")")),
       {R"(3:12: "enabled" must be true or false, not "yes")"}},
      {project(target(R"("enabled": null)")),
       {R"(3:12: "enabled" must be true or false, not null)"}},
      {project(target(R"("env": {"PORT": 80, "": "x", "A=B": "x", "C": "\u0000"})")),
       {R"(3:17: "PORT" in "env" must be text, not 80: write "80")",
        R"(3:21: "" cannot be the name of an environment variable)",
        R"(3:30: "A=B" cannot be the name of an environment variable)",
        R"(3:47: "env" may not hold the character \u0000)"}},
      {project(target(R"("env": {"A": "1"}, "environment": {"A": "2"})")),
       {R"(3:20: "environment" is the old spelling of "env", which is here too: keep one)"}},
      {project(target(R"("dependsOn": ["", 3])")),
       {R"(3:15: "dependsOn" may not be empty in any entry)",
        R"(3:19: "dependsOn" must be a list of texts, not 3)"}},
      {project(target(R"("timeoutSeconds": -1)")),
       {R"(3:19: "timeoutSeconds" must be a number of seconds from 0 to 604800, not -1)"}},
      {project(target(R"("settlingDelay": 1e300)")),
       {R"(3:18: "settlingDelay" must be a number of milliseconds from 0 to 604800000, not 1e+300)"}},
      {project(target(R"("maxRetries": 1.5)")),
       {R"(3:15: "maxRetries" must be a whole number from 0 to 1000, not 1.5)"}},
      {project(target(R"("settlingDelay": 50, "maxSettlingDelay": 20)")),
       {R"(3:42: "maxSettlingDelay" must not be less than "settlingDelay" (50 ms))"}},
      {project("", R"("watcher": {"settlingDelay": 50, "maxSettlingDelay": 20})"),
       {R"(3:54: "maxSettlingDelay" must not be less than "settlingDelay" (50 ms))"}},
      {project("", R"("buildScheduling": {"parallelization": 11, "onChange": "abort"})"),
       {R"(3:40: "parallelization" must be a whole number from 1 to 10, not 11)",
        R"(3:56: "onChange" must be "queue" or "cancel", not "abort")"}},
      {project("", R"("watcher": {}, "watchman": {})"),
       {R"(3:16: "watchman" is the old spelling of "watcher", which is here too: keep one)"}},
      {project("", R"("watcher": {"rules": [{"pattern": "[a"}], "excludeDirs": ["/tmp"]})"),
       {R"(3:35: "[a" has a [ without ])",
        R"(3:59: "/tmp" in "excludeDirs" is absolute: patterns are relative to the project's root)"}},
      {project(target(
           R"("postBuild": [{"name": "a", "command": ""}, {"name": "a", "command": "x", "runOn": "sucess"}])")),
       {R"(3:40: "command" may not be empty)", R"(3:45: this target has a hook "a" already)",
        R"(3:84: "runOn" must be "success", "failure" or "always", not "sucess"; did you mean "success"?)"}},
      {project(target(R"("outputPath": "b")")),
       {R"(3:1: "outputPath" is here a second time; the first is in line 2)"}},
      {project(
           R"({"name": "a", "type": "custom", "buildCommand": "x", "watchPaths": [], "outputPath": "../p/."})"),
       {R"(2:86: "outputPath" must be one file or directory in the project, not the project itself: it is not watched)"}},
      {project(
           R"({"name": "a", "type": "custom", "buildCommand": "x", "watchPaths": [], "autoRun": {"enabled": true}})"),
       {R"(2:83: "autoRun" has nothing to start: give the target an "outputPath", or "autoRun" a "command")"}},
      {project("", R"("statusScripts": [{"label": "a", "command": "b", "maxLines": 11}])"),
       {R"(3:62: "maxLines" must be a whole number from 1 to 10, not 11)"}},
  }));
  INFO(text);
  CHECK(problems_in(text) == problems);
}

TEST_CASE("all problems are reported at once, in the order of the file") {
  CHECK(
      problems_in(
          "{\n"
          "  \"targets\": [\n"
          "    {\"name\": \"a/b\", \"type\": \"exe\", \"watchPaths\": [\"{\", \"ok\", \"../x\"]},\n"
          "    {\"name\": \"ok\", \"type\": \"test\", \"testCommand\": \"\", \"watchPaths\": [],\n"
          "     \"dependsOn\": [\"okay\"]}\n"
          "  ],\n"
          "  \"version\": \"1.0\",\n"
          "  \"watcher\": {\"backend\": \"fsevents\"}\n"
          "}") ==
      Texts{
          R"(3:14: "a/b" cannot be the name of a target: letters, digits, '.', '_', '-' and blanks, at most 64, the first a letter or a digit, without "..")",
          R"(3:29: "type" must be "executable", "app-bundle", "library", "framework", "test", "docker", "custom", "npm", "cmake-executable", "cmake-library" or "cmake-custom", not "exe")",
          R"(3:51: "{" in "watchPaths" has a { without })",
          R"(3:62: "../x" in "watchPaths" leaves the project's root, and nothing there is watched)",
          R"(4:51: "testCommand" may not be empty)",
          R"(5:20: there is no target "okay"; did you mean "ok"?)",
          R"(8:26: "backend" must be "auto", "inotify", "fanotify", "watchman" or "poll", not "fsevents")",
      });
}

TEST_CASE("a file that is wrong from end to end is answered with a hundred problems") {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += "\"key" + std::to_string(i) + "\": 1,\n";
  text.replace(text.size() - 2, 2, "}");
  CHECK(problems_in(text).size() == 100);
  std::string entries = "1";
  for (int i = 0; i < 20'000; ++i) entries += ", 1";
  CHECK(problems_in(project(target("\"dependsOn\": [" + entries + "]"))).size() == 100);
}

TEST_CASE("messages cannot command the terminal") {
  CHECK(problems_in(project("", R"("\u001b]0;x\u0007\u001b[2J\nkey": 1)")) ==
        Texts{R"(3:1: unknown key " key")"});
}

TEST_CASE("signals go by name and number, and a wrong one is told all names") {
  const auto with_signal = [](std::string_view signal) {
    return project(target(R"("autoRun": {"restartSignal": )" + std::string(signal) + "}"));
  };
  CHECK(load(with_signal("\"TERM\"")).project.targets[0].auto_run->restart_signal == SIGTERM);
  CHECK(load(with_signal("\"sigusr1\"")).project.targets[0].auto_run->restart_signal == SIGUSR1);
  CHECK(load(with_signal("\"9\"")).project.targets[0].auto_run->restart_signal == SIGKILL);
  CHECK(load(with_signal("15")).project.targets[0].auto_run->restart_signal == SIGTERM);
  const auto problems = problems_in(with_signal("\"SIGTRM\""));
  REQUIRE(problems.size() == 1);
  CHECK_THAT(
      problems[0],
      Catch::Contains(
          R"("restartSignal" must be a signal, not "SIGTRM"; did you mean "SIGTERM"?; there are SIGHUP, )"));
  CHECK(problems_in(with_signal("0")).size() == 1);
  CHECK(problems_in(with_signal("1.5")).size() == 1);
  CHECK(problems_in(with_signal("true")).size() == 1);
}

TEST_CASE("a project's limit never cuts off a quiet window that somebody asked for") {
  const auto window = [](std::string_view own, std::string_view project_wide) {
    const auto loaded = load(project(target(own), project_wide)).project;
    return std::pair(loaded.targets[0].max_settling_delay, loaded.watcher.max_settling_delay);
  };
  using Limit = std::optional<Milliseconds>;
  CHECK(window("", "") == std::pair(Limit(), Milliseconds(2000)));
  CHECK(window("", R"("watcher": {"settlingDelay": 5000})") ==
        std::pair(Limit(), Milliseconds(5000)));
  CHECK(window(R"("settlingDelay": 3000)", "") ==
        std::pair(Limit(Milliseconds(3000)), Milliseconds(2000)));
  CHECK(window(R"("settlingDelay": 0)", "") == std::pair(Limit(), Milliseconds(2000)));
}

TEST_CASE("parts of a unit are rounded up, so that little is never none") {
  const auto app =
      load(project(target(R"("timeoutSeconds": 0.2, "settlingDelay": 10.5)"))).project.targets[0];
  CHECK(app.timeout == Seconds(1));
  CHECK(app.settling_delay == Milliseconds(11));
}

TEST_CASE("variables are taken from the environment where no shell would do it") {
  const Environment environment{{"OUT", "/tmp/out"}, {"PORT", "80"}, {"EMPTY", ""}};
  const auto app =
      load(project(R"({"name": "a", "type": "executable", "buildCommand": "make ${OUT}",
      "outputPath": "${OUT}/a", "watchPaths": ["${OUT}"], "cwd": "${EMPTY:-sub}",
      "env": {"A": "$${PORT} $PORT ${PORT}", "B": "${EMPTY}"},
      "autoRun": {"command": "${OUT}/x", "args": ["${NONE:-8080}", "${PORT:-1}"], "env": {"C": "${PORT}"}}})"),
           environment)
          .project.targets[0];
  CHECK(std::get<CommandKind>(app.kind).build_command == "make ${OUT}");
  CHECK(app.output_path == "/tmp/out/a");
  CHECK(app.watch_paths == Texts{"${OUT}"});
  CHECK(app.cwd == "sub");
  CHECK(app.env == Environment{{"A", "${PORT} $PORT 80"}, {"B", ""}});
  CHECK(app.auto_run->command == "/tmp/out/x");
  CHECK(app.auto_run->args == Texts{"8080", "80"});
  CHECK(app.auto_run->env == Environment{{"C", "80"}});
}

TEST_CASE("a variable that cannot be substituted is a problem at its value") {
  const auto with_env = [](std::string_view value) {
    return project(target("\"env\": {\"A\": \"" + std::string(value) + "\"}"));
  };
  CHECK(
      problems_in(with_env("x ${TOKEN}")) ==
      Texts{
          R"(3:14: "env": the environment variable TOKEN is not set; ${TOKEN:-…} gives it a default)"});
  CHECK(problems_in(with_env("${1X}")) ==
        Texts{R"(3:14: "env": "1X" is no name of a variable; a plain ${ is written $${)"});
  CHECK(problems_in(with_env("${A")) ==
        Texts{R"(3:14: "env": a } is missing behind ${; a plain ${ is written $${)"});
  CHECK(problems_in(project(target(R"("autoRun": {"command": "${X:-}"})"))) ==
        Texts{R"(3:24: "command": nothing is left of "${X:-}" with these environment variables)"});
}

TEST_CASE("notes say what is accepted but not as one may think") {
  CHECK(notes_in(project(
            target(R"("environment": {}, "debounceInterval": 5)"),
            R"("watchman": {"maxFileEvents": 1}, "performance": {"profile": "balanced"})")) ==
        Texts{R"(3:1: "environment" is the old spelling of "env")",
              R"(3:20: "debounceInterval" has no effect here)",
              R"(4:1: "watchman" is the old spelling of "watcher")",
              R"(4:14: "maxFileEvents" has no effect here)",
              R"(4:35: "performance" has no effect here)"});
  CHECK(
      notes_in(project(R"({"name": "a", "type": "npm", "buildCommand": "x",
    "watchPaths": ["src/*.ts", "*.json", "a/**/*.c", "src/", "!lib/*.c", "src/x*.c"]})")) ==
      Texts{
          R"(2:30: "buildCommand" has no effect on targets of type npm)",
          R"(3:20: "src/*.ts" in "watchPaths" means that directory alone; what is below it, too, is "src/**/*.ts")",
          R"(3:32: "*.json" in "watchPaths" means that directory alone; what is below it, too, is "**/*.json")",
          R"(3:62: "!lib/*.c" in "watchPaths" means that directory alone; what is below it, too, is "!lib/**/*.c")"});
}

TEST_CASE("a project finds its targets by name, and by what a person types for it") {
  const auto project =
      load(test::project(
               R"({"name": "My App", "type": "custom", "buildCommand": "x", "watchPaths": []},)"
               R"({"name": "tool", "type": "custom", "buildCommand": "x", "watchPaths": []})"))
          .project;
  CHECK(project.target_names() == Texts{"My App", "tool"});
  CHECK(project.find(TargetId("tool")) == &project.targets[1]);
  CHECK(project.find(TargetId("my-app")) == nullptr);
  CHECK(project.find_like("my_app") == &project.targets[0]);
  CHECK(project.find_like("TOOL") == &project.targets[1]);
  CHECK(project.find_like("tol") == nullptr);
}
