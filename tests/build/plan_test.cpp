// SPDX-License-Identifier: MIT
#include "build/plan.h"

#include <catch2/catch.hpp>

#include "build/settings.h"

using namespace poltergeist;
using namespace poltergeist::build;
using config::CMakeKind;
using config::CommandKind;
using config::NpmKind;
using config::TargetType;
using config::TestKind;

namespace {

config::Target target_of(TargetType type, config::TargetKind kind) {
  config::Target target;
  target.name = TargetId("app");
  target.place = {12, 5};
  target.type = type;
  target.kind = std::move(kind);
  return target;
}

Facts facts_of(std::set<std::filesystem::path> existing = {}) {
  Facts facts;
  facts.root = "/p";
  facts.config_file = "/p/poltergeist.config.json";
  facts.existing = std::move(existing);
  facts.programs = {"npm", "pnpm", "yarn", "bun", "cmake", "ninja"};
  facts.processors = 4;
  return facts;
}

std::vector<std::string> shown(const Result<Plan>& plan) {
  if (!plan) return {"error: " + plan.error().message};
  std::vector<std::string> lines;
  for (const auto& step : plan->steps) lines.push_back(step.label + ": " + step.shown);
  return lines;
}

using Lines = std::vector<std::string>;

config::Target npm_target(NpmKind kind = {}) {
  return target_of(TargetType::Npm, std::move(kind));
}

config::Target cmake_target(CMakeKind kind = {.target_name = "app"}) {
  return target_of(TargetType::CMakeExecutable, std::move(kind));
}

Facts cmake_project() {
  return facts_of({"/p/CMakeLists.txt"});
}

Facts configured(const std::string& dir, const std::string& generator) {
  auto facts = cmake_project();
  facts.texts["/p/" + dir + "/CMakeCache.txt"] =
      "# cache\nCMAKE_BUILD_TYPE:STRING=Debug\nCMAKE_GENERATOR:INTERNAL=" + generator + "\n";
  facts.existing.insert("/p/" + dir + (generator == "Ninja" ? "/build.ninja" : "/Makefile"));
  return facts;
}

}  // namespace

TEST_CASE("a command is a line of shell in the root, and its output must be there") {
  auto target = target_of(TargetType::Executable, CommandKind{.build_command = "make app && true"});
  target.output_path = "./bin/../app";
  target.env = {{"A", "1"}};
  const auto plan = plan_for(target, facts_of());
  REQUIRE(plan);
  CHECK(plan->steps.at(0).argv == Lines{"/bin/sh", "-c", "make app && true"});
  CHECK(plan->cwd == "/p");
  CHECK(plan->outputs == std::vector<std::filesystem::path>{"/p/app"});
  CHECK(plan->env.at("A") == "1");
  CHECK(wanted_facts(target, "/p").existing.empty());
}

TEST_CASE("a directory and an absolute output are taken as they are given") {
  auto target = target_of(TargetType::Library, CommandKind{.build_command = "make"});
  target.cwd = "sub/";
  target.output_path = "/elsewhere/lib.a";
  const auto plan = plan_for(target, facts_of());
  REQUIRE(plan);
  CHECK(plan->cwd == "/p/sub");
  CHECK(plan->outputs == std::vector<std::filesystem::path>{"/elsewhere/lib.a"});
}

TEST_CASE("a test target's build is its test command") {
  CHECK(shown(plan_for(target_of(TargetType::Test, TestKind{.test_command = "ctest"}),
                       facts_of())) == Lines{"test: ctest"});
}

TEST_CASE("a docker target without a command has a default one") {
  const CommandKind kind{.image_name = "me/app",
                         .dockerfile = "Dockerfile.dev",
                         .context = "my dir",
                         .tags = {"latest", "other/name:1"}};
  CHECK(shown(plan_for(target_of(TargetType::Docker, kind), facts_of())) ==
        Lines{"build: docker build -t me/app:latest -t other/name:1 -f Dockerfile.dev 'my dir'"});
  CHECK(shown(plan_for(target_of(TargetType::Docker, CommandKind{.image_name = "app"}),
                       facts_of())) == Lines{"build: docker build -t app ."});
}

TEST_CASE("a definition that cannot work fails where it stands in the configuration") {
  CHECK(shown(plan_for(target_of(TargetType::Docker, CommandKind{}), facts_of())) ==
        Lines{"error: /p/poltergeist.config.json:12:5: target \"app\" needs `imageName` or "
              "`buildCommand`"});
  CHECK(shown(plan_for(npm_target(), facts_of())) ==
        Lines{"error: /p/poltergeist.config.json:12:5: target \"app\" needs a package.json in /p; "
              "if it is elsewhere, set `cwd`"});
  CHECK(shown(plan_for(cmake_target(), facts_of())) ==
        Lines{"error: /p/poltergeist.config.json:12:5: target \"app\" needs a CMakeLists.txt in "
              "/p; if it is elsewhere, set `cwd`"});
}

TEST_CASE("the lock file names the package manager, and a configured one wins") {
  struct Row {
    const char* lock;
    const char* manager;
  };
  for (const auto& row :
       {Row{"bun.lock", "bun"}, Row{"bun.lockb", "bun"}, Row{"pnpm-lock.yaml", "pnpm"},
        Row{"yarn.lock", "yarn"}, Row{"package-lock.json", "npm"}, Row{"none", "npm"}}) {
    const auto facts =
        facts_of({"/p/package.json", "/p/node_modules", std::filesystem::path("/p") / row.lock});
    CHECK(shown(plan_for(npm_target(), facts)) ==
          Lines{std::string("build: ") + row.manager + " run build"});
  }
  const auto facts = facts_of({"/p/package.json", "/p/node_modules", "/p/yarn.lock"});
  CHECK(shown(plan_for(
            npm_target({.build_script = "compile", .package_manager = config::PackageManager::Npm}),
            facts)) == Lines{"build: npm run compile"});
}

TEST_CASE("what a project asks for is installed when that changed, or when nothing is installed") {
  const Lines installing = {"install: npm install", "build: npm run build"};
  const Lines building = {"build: npm run build"};
  auto facts = facts_of({"/p/package.json"});
  CHECK(shown(plan_for(npm_target(), facts)) == installing);
  facts.existing.insert("/p/node_modules");
  CHECK(shown(plan_for(npm_target(), facts)) == building);
  facts.changed = {*RelPath::parse("src/a.ts"), *RelPath::parse("package.json")};
  facts.total_changed = 2;
  CHECK(shown(plan_for(npm_target(), facts)) == installing);
  CHECK(shown(plan_for(npm_target({.install_on_change = false}), facts)) == building);
  facts.changed = {*RelPath::parse("src/a.ts")};
  facts.total_changed = 5000;  // package.json may be among those that are not named
  CHECK(shown(plan_for(npm_target(), facts)) == installing);
}

TEST_CASE("npm installs what is younger than its last install, and not because it wrote the lock") {
  auto facts = facts_of({"/p/package.json", "/p/node_modules"});
  facts.changed = {*RelPath::parse("package-lock.json")};
  facts.total_changed = 1;
  facts.times = {{"/p/node_modules/.package-lock.json", 100},
                 {"/p/package.json", 50},
                 {"/p/package-lock.json", 100}};
  CHECK(shown(plan_for(npm_target(), facts)) == Lines{"build: npm run build"});
  facts.changed = {*RelPath::parse("src/a.ts")};
  facts.times["/p/package.json"] = 101;  // the install that followed failed
  CHECK(shown(plan_for(npm_target(), facts)).size() == 2);
}

TEST_CASE("a package manager that is not there is named before anything runs") {
  auto facts = facts_of({"/p/package.json", "/p/bun.lock"});
  facts.programs = {"npm"};
  CHECK(shown(plan_for(npm_target(), facts)).at(0).find("needs bun, which is not in PATH") !=
        std::string::npos);
}

TEST_CASE("every output of an npm target must be there") {
  const auto plan = plan_for(npm_target({.output_paths = {"dist/a.js", "dist/b.css"}}),
                             facts_of({"/p/package.json", "/p/node_modules"}));
  REQUIRE(plan);
  CHECK(plan->outputs == std::vector<std::filesystem::path>{"/p/dist/a.js", "/p/dist/b.css"});
}

TEST_CASE("a CMake project is configured first, with Ninja where there is one") {
  CHECK(shown(plan_for(cmake_target({.target_name = "app",
                                     .build_type = config::CMakeBuildType::Debug,
                                     .cmake_args = {"-DX=1 2"}}),
                       cmake_project())) ==
        Lines{"configure: cmake -S . -B /p/build -G Ninja -DCMAKE_BUILD_TYPE=Debug '-DX=1 2'",
              "build: cmake --build /p/build --target app --config Debug --parallel 4"});
  auto facts = cmake_project();
  facts.programs = {"cmake"};
  CHECK(shown(plan_for(cmake_target(), facts)).at(0) ==
        "configure: cmake -S . -B /p/build -G 'Unix Makefiles'");
}

TEST_CASE("a configured build directory is used as it is, until a CMake file changes") {
  auto facts = configured("cmake-build-debug", "Unix Makefiles");
  const std::string build = "build: cmake --build /p/cmake-build-debug --target app --parallel 4";
  CHECK(shown(plan_for(cmake_target(), facts)) == Lines{build});
  facts.changed = {*RelPath::parse("src/main.c")};
  facts.total_changed = 1;
  CHECK(shown(plan_for(cmake_target(), facts)) == Lines{build});
  facts.changed = {*RelPath::parse("cmake/flags.cmake")};
  CHECK(shown(plan_for(cmake_target(), facts)) ==
        Lines{"configure: cmake -S . -B /p/cmake-build-debug -G 'Unix Makefiles'", build});
}

TEST_CASE("a first configure that failed is made again") {
  auto facts = configured("build", "Ninja");
  facts.existing.erase("/p/build/build.ninja");
  CHECK(shown(plan_for(cmake_target(), facts)).size() == 2);
}

TEST_CASE("a build directory of another generator is not touched but complained about") {
  const auto plan = plan_for(cmake_target({.target_name = "app", .generator = "Ninja"}),
                             configured("build", "Unix Makefiles"));
  CHECK(
      shown(plan).at(0).find("/p/build was made with \"Unix Makefiles\"; remove that directory") !=
      std::string::npos);
}

TEST_CASE("a build directory given by -B is the one") {
  for (const auto& args : {Lines{"-B", "out/x"}, Lines{"-Bout/x"}}) {
    const CMakeKind kind{.target_name = "app", .cmake_args = args};
    CHECK(shown(plan_for(cmake_target(kind), cmake_project())) ==
          Lines{"configure: cmake -S . -B /p/out/x -G Ninja",
                "build: cmake --build /p/out/x --target app --parallel 4"});
  }
}

TEST_CASE("what is wanted to know is what the plan looks at") {
  const auto wanted = wanted_facts(cmake_target(), "/p");
  CHECK(wanted.existing.front() == "/p/CMakeLists.txt");
  CHECK(wanted.texts.size() == 4);
  CHECK(wanted.programs == Lines{"cmake", "ninja"});
  auto npm = npm_target();
  npm.cwd = "web";
  CHECK(wanted_facts(npm, "/p").existing.front() == "/p/web/package.json");
}

TEST_CASE("the artifact of a CMake target is looked for where CMake projects put it") {
  const auto executable = output_candidates(
      cmake_target({.target_name = "app", .build_type = config::CMakeBuildType::Debug}), "/p",
      "/p/build");
  CHECK(executable.at(0) == "/p/build/app");
  CHECK(executable.at(1) == "/p/build/Debug/app");
  CHECK(executable.at(2) == "/p/build/bin/app");
  auto library =
      target_of(TargetType::CMakeLibrary,
                CMakeKind{.target_name = "core", .library_type = config::LibraryType::Shared});
  library.output_path = "out/libcore.so";
  const auto libraries = output_candidates(library, "/p", "/p/build");
  CHECK(libraries.at(0) == "/p/out/libcore.so");
  CHECK(libraries.at(1) == "/p/build/libcore.so");
  CHECK(libraries.at(2) == "/p/build/lib/libcore.so");
}

TEST_CASE("targets that would fight over a directory have the same key, others have none") {
  auto one = cmake_target({.target_name = "one"});
  const auto two = cmake_target({.target_name = "two"});
  const auto apart = cmake_target({.target_name = "two", .cmake_args = {"-B", "other"}});
  CHECK(exclusive_key(one) == exclusive_key(two));
  CHECK(exclusive_key(one) != exclusive_key(apart));
  one.cwd = "sub";
  CHECK(exclusive_key(one) != exclusive_key(two));
  CHECK(exclusive_key(target_of(TargetType::Executable, CommandKind{})).empty());
  CHECK(exclusive_key(npm_target()) == exclusive_key(npm_target()));
  CHECK(exclusive_key(npm_target({.install_on_change = false})).empty());
}

TEST_CASE("settings come from the project where a target has none of its own") {
  config::Project project;
  project.watcher.settling_delay = Milliseconds(7);
  auto one = cmake_target();
  one.max_settling_delay = Milliseconds(9);
  one.max_retries = 3;
  project.targets = {one};
  const auto settings = settings_for(project).targets.at(0);
  CHECK(settings.settling_delay == Milliseconds(7));
  CHECK(settings.max_settling_delay == Milliseconds(9));
  CHECK(settings.max_retries == 3);
  CHECK(settings.exclusive_key == exclusive_key(one));
}
