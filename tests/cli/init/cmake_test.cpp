// SPDX-License-Identifier: MIT
// Real projects, asked with the real cmake.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/init/proposals.h"

using namespace poltergeist;
using namespace poltergeist::cli;
using namespace poltergeist::cli::test;
using poltergeist::test::TempDir;
namespace fs = std::filesystem;

namespace {

constexpr const char* kProject = R"(
cmake_minimum_required(VERSION 3.20)
project(demo CXX)
include(CTest)
set(app_name "${PROJECT_NAME}_app")
add_subdirectory(lib)
add_executable(${app_name} src/main.cpp)
set_target_properties(${app_name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
target_link_libraries(${app_name} greet)
add_executable(greet_test tests/greet_test.cpp)
target_link_libraries(greet_test greet)
add_test(NAME greet_test COMMAND greet_test)
add_custom_target(tidy COMMAND false)
)";
constexpr const char* kLibrary = R"(
add_library(greet STATIC greet.cpp)
target_include_directories(greet PUBLIC ../include)
add_library(Demo::greet ALIAS greet)
add_library(plugin MODULE plugin.cpp)
)";

void write_demo(const TempDir& project) {
  project.write("CMakeLists.txt", kProject);
  project.write("lib/CMakeLists.txt", kLibrary);
  project.write("lib/greet.cpp", "int greet() { return 0; }\n");
  project.write("lib/plugin.cpp", "");
  project.write("include/greet.h", "int greet();\n");
  project.write("src/main.cpp", "int main() {}\n");
  project.write("tests/greet_test.cpp", "int main() {}\n");
}

Names files_below(const fs::path& directory) {
  Names files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    files.push_back(entry.path().lexically_relative(directory).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("CMake is asked what it builds: names made of variables, places, tests") {
  const TempDir project;
  write_demo(project);
  const auto proposal = proposal_for(project, {}, run_program);
  CHECK(proposal.type == config::ProjectType::CMake);
  CHECK(proposal.notes() == Names{});
  CHECK(summary(proposal) == Names{"demo_app cmake-executable", "greet cmake-library",
                                   "plugin cmake-library", "- tidy cmake-custom", "test test"});
  const auto app = target_in(proposal, "demo_app");
  CHECK(app.target_name == "demo_app");
  CHECK(app.output_path == "build/bin/demo_app");
  CHECK(app.build_type == config::CMakeBuildType::Debug);
  const std::string sources = "/**/*.{c,cc,cpp,cxx,h,hh,hpp,hxx,inl,ipp}";
  CHECK(app.watch_paths == Names{"include" + sources, "lib" + sources, "src" + sources,
                                 "CMakeLists.txt", "lib/CMakeLists.txt"});
  CHECK(target_in(proposal, "greet").output_path == "build/lib/libgreet.a");
  CHECK(target_in(proposal, "greet").library_type == config::LibraryType::Static);
  CHECK(target_in(proposal, "plugin").library_type == config::LibraryType::Shared);
  CHECK(target_in(proposal, "test").test_command ==
        "{ test -f build/CMakeCache.txt || cmake -S . -B build; } && cmake --build build && ctest "
        "--test-dir build --output-on-failure");
  CHECK(target_in(proposal, "test").depends_on == Names{"demo_app", "greet", "plugin"});
  CHECK(proposal.text.find("\"parallelization\": 1") != std::string::npos);
}

TEST_CASE("a dry run says the same and leaves nothing behind") {
  const TempDir project;
  write_demo(project);
  const auto before = files_below(project.path());
  const auto dry = proposal_for(project, {.dry_run = true}, run_program);
  CHECK(files_below(project.path()) == before);
  CHECK(dry.text == proposal_for(project, {}, run_program).text);
  CHECK(files_below(project.path()) != before);
}

TEST_CASE("the proposed outputs are there after the proposed builds") {
  const TempDir project;
  write_demo(project);
  const auto proposal = proposal_for(project, {.build_dir = "out/debug"}, run_program);
  CHECK(summary(proposal) == Names{"demo_app executable", "greet library", "plugin library",
                                   "- tidy custom", "test test"});
  fs::remove_all(project / "out");  // each command must be able to begin from nothing
  for (const auto& target : proposal.targets()) {
    if (!target.enabled) continue;
    const auto& command = target.build_command.empty() ? target.test_command : target.build_command;
    INFO(command);
    const auto built = run_program({"sh", "-c", command}, project.path());
    INFO((built ? *built : built.error().message));
    REQUIRE(built);
    if (!target.output_path.empty()) CHECK(fs::exists(project / target.output_path));
  }
}

TEST_CASE("a preset is built by its own name") {
  const TempDir project;
  write_demo(project);
  project.write("CMakePresets.json", R"({"version": 4, "configurePresets": [
    {"name": "fast", "generator": "Unix Makefiles",
     "cacheVariables": {"CMAKE_BUILD_TYPE": "Release"}}]})");
  const auto proposal =
      proposal_for(project, {.preset = "fast", .build_dir = "build/fast"}, run_program);
  const auto app = target_in(proposal, "demo_app");
  CHECK(app.build_command ==
        "{ test -f build/fast/CMakeCache.txt || cmake --preset fast -B build/fast; } && cmake "
        "--build build/fast --target demo_app");
  CHECK(app.output_path == "build/fast/bin/demo_app");
  CHECK_FALSE(propose(project.path(), {.preset = "absent"}, run_program));
}

TEST_CASE("where cmake fails the names are read from the text, with a note") {
  const TempDir project;
  write_demo(project);
  project.write("CMakeLists.txt", std::string(kProject) + "message(FATAL_ERROR \"broken\")\n");
  const auto proposal = proposal_for(project, {}, run_program);
  CHECK(summary(proposal) == Names{"greet_test cmake-executable", "greet cmake-library",
                                   "plugin cmake-library", "- tidy cmake-custom", "test test"});
  REQUIRE(proposal.notes().size() == 1);
  CHECK(proposal.notes()[0].find("broken") != std::string::npos);
  CHECK(target_in(proposal, "greet").output_path.empty());
}

TEST_CASE("without configuring, an earlier answer is used and cmake is not run") {
  const TempDir project;
  write_demo(project);
  const auto before = proposal_for(project, {}, run_program);
  CHECK(proposal_for(project, {.configure = false}).text == before.text);
}

TEST_CASE("the configuration of an existing build directory is kept") {
  const TempDir project;
  write_demo(project);
  REQUIRE(run_program(
      {"cmake", "-S", ".", "-B", "_build", "-G", "Unix Makefiles", "-DCMAKE_BUILD_TYPE=Release"},
      project.path()));
  for (const bool dry_run : {true, false}) {
    const auto app =
        target_in(proposal_for(project, {.dry_run = dry_run}, run_program), "demo_app");
    CHECK(app.type == config::TargetType::CMakeExecutable);
    CHECK(app.output_path == "_build/bin/demo_app");
    CHECK(app.build_type == config::CMakeBuildType::Release);
  }
  const auto cache = project.read("_build/CMakeCache.txt");
  CHECK(cache.find("CMAKE_GENERATOR:INTERNAL=Unix Makefiles") != std::string::npos);
}

TEST_CASE("--cmake takes nothing else, and needs a CMakeLists.txt") {
  const TempDir project;
  project.write("package.json", R"({"scripts": {"build": "x"}})");
  CHECK(propose(project.path(), {.cmake_only = true}, run_nothing).error().code == Errc::NotFound);
  write_demo(project);
  CHECK(proposal_for(project, {.cmake_only = true}, run_program).findings.size() == 1);
  CHECK(proposal_for(project, {}, run_program).findings.size() == 2);
}
