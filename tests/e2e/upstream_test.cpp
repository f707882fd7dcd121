// SPDX-License-Identifier: MIT
// What was written for the original Poltergeist works here: its configurations, the readers of its
// state files.
#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

// Every type that its documentation names, each once, with the keys that it shows; what cannot be
// built on this machine is given a command that can.
Json documented_configuration() {
  return {
      {"version", "1.0"},
      {"projectType", "mixed"},
      {"targets",
       {{{"name", "cli"},
         {"type", "executable"},
         {"enabled", true},
         {"buildCommand", "mkdir -p dist && echo '#!/bin/sh' > dist/cli && chmod +x dist/cli"},
         {"outputPath", "./dist/cli"},
         {"watchPaths", {"src/**/*.{ts,js}", "package.json"}},
         {"settlingDelay", 20},
         {"debounceInterval", 3000},
         {"environment", {{"NODE_ENV", "development"}}},
         {"maxRetries", 1},
         {"backoffMultiplier", 1.5},
         {"icon", "./icon.png"},
         {"group", "apps"},
         {"logChannels", {"build", "test"}},
         {"autoRun",
          {{"enabled", false},
           {"args", {"--verbose"}},
           {"restartSignal", "SIGINT"},
           {"restartDelayMs", 250},
           {"env", {{"A", "b"}}}}},
         {"postBuild",
          {{{"name", "Lint"},
            {"command", "true"},
            {"runOn", {"success", "failure"}},
            {"timeoutSeconds", 30},
            {"maxLines", 3}}}}},
        {{"name", "mac-app"},
         {"type", "app-bundle"},
         {"platform", "macos"},
         {"buildCommand", "true"},
         {"bundleId", "com.example.app"},
         {"autoRelaunch", true},
         {"launchCommand", "open build/App.app"},
         {"watchPaths", {"Sources/**/*.swift"}}},
        {{"name", "lib"},
         {"type", "library"},
         {"libraryType", "dynamic"},
         {"buildCommand", "touch lib.so"},
         {"outputPath", "lib.so"},
         {"watchPaths", {"lib/**/*.c"}}},
        {{"name", "framework"},
         {"type", "framework"},
         {"platform", "ios"},
         {"buildCommand", "touch F.framework"},
         {"outputPath", "F.framework"},
         {"watchPaths", {"F/**/*.swift"}}},
        {{"name", "tests"},
         {"type", "test"},
         {"testCommand", "true"},
         {"coverageFile", "coverage.json"},
         {"watchPaths", {"test/**/*.ts"}}},
        {{"name", "image"},
         {"type", "docker"},
         {"imageName", "example"},
         {"dockerfile", "Dockerfile"},
         {"context", "."},
         {"tags", {"latest"}},
         {"buildCommand", "true"},
         {"watchPaths", {"Dockerfile"}}},
        {{"name", "docs"},
         {"type", "custom"},
         {"buildCommand", "true"},
         {"config", {{"anything", {1, 2}}}},
         {"watchPaths", {"docs/**/*.md"}}},
        {{"name", "web"},
         {"type", "npm"},
         {"enabled", false},
         {"buildScript", "build"},
         {"packageManager", "auto"},
         {"outputPaths", {"dist/index.html"}},
         {"installOnChange", true},
         {"watchPaths", {"web/**/*.ts"}}},
        {{"name", "engine"},
         {"type", "cmake-executable"},
         {"enabled", false},
         {"targetName", "engine"},
         {"generator", "Ninja"},
         {"buildType", "Debug"},
         {"cmakeArgs", {"-DX=1"}},
         {"outputPath", "build/engine"},
         {"parallel", true},
         {"watchPaths", {"CMakeLists.txt"}}},
        {{"name", "core"},
         {"type", "cmake-library"},
         {"enabled", false},
         {"targetName", "core"},
         {"libraryType", "static"},
         {"watchPaths", {"CMakeLists.txt"}}},
        {{"name", "generate"},
         {"type", "cmake-custom"},
         {"enabled", false},
         {"targetName", "generate"},
         {"watchPaths", {"CMakeLists.txt"}}}}},
      {"watchman",
       {{"useDefaultExclusions", true},
        {"excludeDirs", {"tmp_cache"}},
        {"projectType", "mixed"},
        {"maxFileEvents", 10000},
        {"recrawlThreshold", 5},
        {"settlingDelay", 20},
        {"rules",
         {{{"pattern", "**/*.generated.*"},
           {"action", "ignore"},
           {"reason", "generated"},
           {"enabled", true}}}}}},
      {"performance",
       {{"profile", "balanced"},
        {"autoOptimize", true},
        {"metrics", {{"enabled", true}, {"reportInterval", 300}}}}},
      {"buildScheduling",
       {{"parallelization", 2},
        {"prioritization",
         {{"enabled", true},
          {"focusDetectionWindow", 300000},
          {"priorityDecayTime", 1800000},
          {"buildTimeoutMultiplier", 2.0}}}}},
      {"notifications", {{"enabled", false}, {"successSound", "Glass"}, {"failureSound", "Basso"}}},
      {"logging", {{"file", ".poltergeist.log"}, {"level", "info"}}},
      {"statusScripts",
       {{{"label", "Lint"},
         {"command", "true"},
         {"targets", {"cli"}},
         {"cooldownSeconds", 60},
         {"timeoutSeconds", 30},
         {"maxLines", 1},
         {"formatter", "auto"}}}},
      {"summaryScripts",
       {{{"label", "Todo"},
         {"command", "true"},
         {"placement", "row"},
         {"refreshSeconds", 1800},
         {"timeoutSeconds", 30},
         {"maxLines", 10},
         {"formatter", "none"}}}}};
}

}  // namespace

TEST_CASE("a configuration with everything that the original documents loads and builds") {
  TestProject project;
  project.write("src/a.ts", "");
  project.configure(documented_configuration());
  const auto validated = project.run_poltergeist({"validate"});
  INFO(validated.out << validated.err);
  REQUIRE(validated.code == 0);
  project.haunt();
  const auto waited = project.run_poltergeist({"wait"});
  INFO(waited.out << waited.err);
  CHECK(waited.code == 0);
  const auto status = project.status();
  const auto documented = documented_configuration();
  for (const auto& target : documented["targets"]) {
    const auto name = target["name"].get<std::string>();
    INFO(name);
    REQUIRE(status.contains(name));
    if (target.value("enabled", true)) CHECK(status[name]["lastBuild"]["status"] == "success");
  }
}

TEST_CASE("a reader that was written for the original's state files finds what it needs") {
  TestProject project;
  project.write("a.txt", "#!/bin/sh\n");
  project.configure({{"targets", {TestProject::copying_target("my-app", "a.txt", "my-app")}}});
  project.haunt();
  const auto state = project.state_of("my-app");
  for (const auto* key :
       {"version", "projectPath", "projectName", "target", "targetType", "configPath"}) {
    INFO(key);
    CHECK(state[key].is_string());
  }
  CHECK(state["version"] == "1.0");
  CHECK(state["process"]["pid"].is_number());
  CHECK(state["process"]["hostname"].is_string());
  CHECK(state["process"]["isActive"] == true);
  CHECK(state["process"]["startTime"].is_string());
  CHECK(state["process"]["lastHeartbeat"].is_string());
  const auto& build = state["lastBuild"];
  CHECK(build["status"] == "success");
  CHECK(build["targetName"] == "my-app");
  CHECK(build["timestamp"].is_string());
  CHECK(build["duration"].is_number());
  CHECK(build["buildTime"].is_number());
  CHECK(build["builder"].is_string());
  CHECK(build["gitHash"].is_string());
  CHECK(state["buildStats"]["successfulBuilds"][0]["duration"].is_number());
  CHECK(state["buildStats"]["averageDuration"].is_number());
  CHECK(state["appInfo"]["outputPath"] == (project.root() / "my-app").string());
}
