// SPDX-License-Identifier: MIT
// What a user sees of building: which edits build what, how often, and what is said about it.
#include <sys/stat.h>

#include <fstream>

#include <catch2/catch.hpp>

#include "support/test_project.h"

using namespace poltergeist::test;
using Json = nlohmann::json;

namespace {

Json two_targets() {
  return {{"targets",
           {TestProject::copying_target("one", "a.txt", "out/one"),
            TestProject::copying_target("two", "b.txt", "out/two")}}};
}

void prepare(const TestProject& project) {
  project.write("a.txt", "#!/bin/sh\necho a1\n");
  project.write("b.txt", "#!/bin/sh\necho b1\n");
  project.write("out/.keep", "");
}

}  // namespace

TEST_CASE("haunt returns at once, and every target that is not up to date is built") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  const auto started = project.run_poltergeist({"haunt"});
  CHECK(started.code == 0);
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("one") == 1);
  CHECK(project.builds_of("two") == 1);
}

TEST_CASE("a target that is up to date is not built when a daemon starts") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  project.haunt();
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  project.write("b.txt", "#!/bin/sh\necho b2\n");
  project.haunt();
  CHECK(project.builds_of("one") == 1);
  CHECK(project.builds_of("two") == 2);
}

TEST_CASE("an artifact that was removed while no daemon ran is built again") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  project.haunt();
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  std::filesystem::remove(project.root() / "out/one");
  project.haunt();
  CHECK(project.builds_of("one") == 2);
  CHECK(project.builds_of("two") == 1);
}

TEST_CASE("a changed build command makes a target stale, also while no daemon ran") {
  TestProject project;
  prepare(project);
  auto configuration = two_targets();
  project.configure(configuration);
  project.haunt();
  REQUIRE(project.run_poltergeist({"stop"}).code == 0);
  auto& command = configuration["targets"][0]["buildCommand"];
  command = command.get<std::string>() + " && true";
  project.configure(configuration);
  project.haunt();
  CHECK(project.builds_of("one") == 2);
  CHECK(project.builds_of("two") == 1);
}

TEST_CASE("an edit builds exactly the targets that watch the file") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  project.haunt();
  project.write("a.txt", "#!/bin/sh\necho a2\n");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("one") == 2);
  CHECK(project.builds_of("two") == 1);
  CHECK(project.read("out/one").find("a2") != std::string::npos);
}

TEST_CASE("a file that nobody watches builds nothing, nor does a touch that changes nothing") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  project.haunt();
  project.write("notes.md", "hello");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("one") == 1);
  CHECK(project.builds_of("two") == 1);
}

TEST_CASE("deleting a source builds") {
  TestProject project;
  project.write("src/a.c", "a");
  project.write("src/b.c", "b");
  project.configure({{"targets",
                      {{{"name", "lib"},
                        {"type", "library"},
                        {"libraryType", "static"},
                        {"buildCommand", "echo built >> lib.builds; ls src > lib.a"},
                        {"outputPath", "lib.a"},
                        {"watchPaths", {"src/**/*.c"}}}}}});
  project.haunt();
  std::filesystem::remove(project.root() / "src/b.c");
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("lib") == 2);
  CHECK(project.read("lib.a") == "a.c\n");
}

TEST_CASE("a file in a directory that was made just before is seen") {
  TestProject project;
  project.configure(
      {{"targets",
        {{{"name", "all"},
          {"type", "custom"},
          {"buildCommand", "echo built >> all.builds; find src -type f | sort > list"},
          {"watchPaths", {"src"}}}}}});
  project.haunt();
  for (int i = 0; i < 50; ++i) {
    const auto name = "src/a" + std::to_string(i) + "/b/c/d.c";
    project.write(name, "x");
    REQUIRE(project.run_poltergeist({"wait"}).code == 0);
    REQUIRE(project.read("list").find(name) != std::string::npos);
  }
}

TEST_CASE("the first error of a failed build is known with file, line and column") {
  TestProject project;
  project.write("main.c", "int main(void) { return 0 }\n");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "gcc -c main.c -o app"},
                        {"outputPath", "app"},
                        {"watchPaths", {"*.c"}}}}}});
  project.haunt();
  CHECK(project.run_poltergeist({"wait", "app"}).code == 1);
  const auto errors = project.run_poltergeist({"errors", "app"});
  CHECK(errors.code == 1);
  CHECK(errors.out.find("main.c:1:26: error:") == 0);
  const auto state = project.state_of("app");
  CHECK(state["lastBuild"]["status"] == "failure");
  CHECK(state["lastBuild"]["exitCode"] == 1);
  CHECK(state["lastBuild"]["diagnostics"][0]["line"] == 1);
  CHECK(state["lastBuild"]["errorSummary"].get<std::string>().find("main.c:1:26") == 0);
  CHECK(state["lastBuildError"]["command"] == "gcc -c main.c -o app");
  CHECK(state["freshness"]["fresh"] == false);

  project.write("main.c", "int main(void) { return 0; }\n");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.run_poltergeist({"errors", "app"}).code == 0);
  CHECK_FALSE(project.state_of("app").contains("lastBuildError"));
}

TEST_CASE("a build that leaves no output has failed, whatever its exit code") {
  TestProject project;
  project.write("a", "");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "executable"},
                        {"buildCommand", "true"},
                        {"outputPath", "app"},
                        {"watchPaths", {"a"}}}}}});
  project.haunt();
  const auto waited = project.run_poltergeist({"wait", "app"});
  CHECK(waited.code == 1);
  CHECK((waited.out + waited.err).find("there is no") != std::string::npos);
}

TEST_CASE("dependencies build first, and a failed one blocks its dependents") {
  TestProject project;
  project.write("lib.in", "1");
  project.write("app.in", "1");
  project.configure({{"targets",
                      {{{"name", "app"},
                        {"type", "custom"},
                        {"buildCommand", "echo app >> order"},
                        {"watchPaths", {"app.in"}},
                        {"dependsOn", {"lib"}}},
                       {{"name", "lib"},
                        {"type", "custom"},
                        {"buildCommand", "echo lib >> order; grep -q 1 lib.in"},
                        {"watchPaths", {"lib.in"}}}}}});
  project.haunt();
  CHECK(project.read("order") == "lib\napp\n");
  project.write("lib.in", "2");
  const auto waited = project.run_poltergeist({"wait", "app"});
  CHECK(waited.code == 1);
  CHECK((waited.out + waited.err).find("lib") != std::string::npos);
  CHECK(project.read("order") == "lib\napp\nlib\n");
  project.write("lib.in", "1");
  CHECK(project.run_poltergeist({"wait", "app"}).code == 0);
  CHECK(project.read("order") == "lib\napp\nlib\nlib\napp\n");
}

TEST_CASE("while paused nothing is built by itself, and everything is made up for afterwards") {
  TestProject project;
  prepare(project);
  project.configure(two_targets());
  project.haunt();
  REQUIRE(project.run_poltergeist({"pause"}).code == 0);
  project.write("a.txt", "#!/bin/sh\necho a2\n");
  const auto waited = project.run_poltergeist({"wait", "one"});
  CHECK(waited.code == 1);
  CHECK((waited.out + waited.err).find("paused") != std::string::npos);
  CHECK(project.builds_of("one") == 1);
  CHECK(project.run_poltergeist({"build", "one"}).code == 0);
  CHECK(project.builds_of("one") == 2);
  project.write("b.txt", "#!/bin/sh\necho b2\n");
  REQUIRE(project.run_poltergeist({"resume"}).code == 0);
  CHECK(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.builds_of("two") == 2);
}

TEST_CASE("a build beyond its time limit is ended, with everything that it started") {
  TestProject project;
  project.write("a", "");
  project.configure({{"targets",
                      {{{"name", "slow"},
                        {"type", "custom"},
                        {"buildCommand", "sleep 300 & sleep 300"},
                        {"watchPaths", {"a"}},
                        {"timeoutSeconds", 1}}}}});
  project.haunt();
  const auto waited = project.run_poltergeist({"wait", "slow"});
  CHECK(waited.code == 1);
  CHECK((waited.out + waited.err).find("timed out") != std::string::npos);
  CHECK(await(
      [&] {
        return processes_mentioning("POLTERGEIST_PROJECT_ROOT=" + project.root().string()).empty();
      },
      std::chrono::seconds(5)));
}

TEST_CASE("what a build's leftover prints later stands in no other build's log") {
  TestProject project;
  project.write("a", "1");
  for (const auto* gate : {"late", "gate"}) {
    REQUIRE(::mkfifo((project.root() / gate).c_str(), 0600) == 0);
  }
  // The first one leaves somebody who holds its output open; the second one waits until he has
  // spoken.
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"buildCommand",
           "if [ ! -e left ]; then touch left; "
           "setsid sh -c '{ read line < late; } 2> /dev/null; echo LATE; echo LATE; touch spoken' "
           "& else { read line < gate; } 2> /dev/null; fi; echo build of $(cat a)"},
          {"watchPaths", {"a"}}}}}});
  project.haunt();
  project.write("a", "2");
  REQUIRE(await([&] { return project.status()["app"]["status"] == "building"; }));
  std::ofstream(project.root() / "late").close();
  REQUIRE(await([&] { return std::filesystem::exists(project.root() / "spoken"); }));
  std::ofstream(project.root() / "gate").close();
  REQUIRE(project.run_poltergeist({"wait", "app"}).code == 0);
  const auto log = project.run_poltergeist({"logs", "app"}).out;
  CHECK(log.find("build of 2") != std::string::npos);
  CHECK(log.find("LATE") == std::string::npos);
  for (const auto& entry : std::filesystem::directory_iterator(project.state_dir())) {
    if (!entry.is_regular_file()) continue;
    INFO(entry.path());
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(text.find("LATE\n") == std::string::npos);
  }
}

TEST_CASE("onChange cancel stops the running build and starts over") {
  TestProject project;
  project.write("a", "1");
  project.configure(
      {{"buildScheduling", {{"onChange", "cancel"}}},
       {"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"buildCommand", "echo started >> app.builds; test $(cat a) != 1 || sleep 300"},
          {"watchPaths", {"a"}}}}}});
  REQUIRE(project.run_poltergeist({"haunt"}).code == 0);
  REQUIRE(await([&] { return project.builds_of("app") == 1; }));
  project.write("a", "2");
  CHECK(project.run_poltergeist({"wait", "app", "--timeout", "20"}).code == 0);
  CHECK(project.builds_of("app") == 2);
}

TEST_CASE("postBuild hooks run after the build and their result is in the state file") {
  TestProject project;
  project.write("a", "1");
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"buildCommand", "true"},
          {"watchPaths", {"a"}},
          {"postBuild",
           {{{"name", "report"},
             {"command",
              "echo 'POLTERGEIST_POSTBUILD_RESULT:{\"summary\":\"12 "
              "checked\",\"lines\":[\"x\"]}'"}},
            {{"name", "only-failure"}, {"command", "touch failed"}, {"runOn", "failure"}}}}}}}});
  project.haunt();
  REQUIRE(await([&] {
    const auto state = project.state_of("app");
    return state.contains("postBuildResults") && state["postBuildResults"].contains("report") &&
           state["postBuildResults"]["report"]["status"] == "success";
  }));
  CHECK(project.state_of("app")["postBuildResults"]["report"]["summary"] == "12 checked");
  CHECK_FALSE(std::filesystem::exists(project.root() / "failed"));
}

TEST_CASE("a build hears what it is built for") {
  TestProject project;
  project.write("src/a.c", "1");
  project.configure(
      {{"targets",
        {{{"name", "app"},
          {"type", "custom"},
          {"env", {{"FLAVOUR", "sweet"}}},
          {"buildCommand",
           "echo \"$POLTERGEIST_TARGET $POLTERGEIST_TRIGGER $FLAVOUR $(pwd)\" > heard"},
          {"watchPaths", {"src"}}}}}});
  project.haunt();
  project.write("src/a.c", "2");
  REQUIRE(project.run_poltergeist({"wait"}).code == 0);
  CHECK(project.read("heard") == "app src/a.c sweet " + project.root().string() + "\n");
}
