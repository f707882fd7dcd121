// SPDX-License-Identifier: MIT
#include "config/target_checks.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "config/loading.h"

using namespace poltergeist::config;
using namespace poltergeist::test;
using Texts = std::vector<std::string>;

namespace {

// A target of little, in a line of its own.
std::string named(std::string_view name, std::string_view more = "") {
  return fmt::format(
      "{{\"name\": \"{}\", \"type\": \"custom\", \"buildCommand\": \"x\", \"watchPaths\": "
      "[]{}{}}}",
      name, more.empty() ? "" : ", ", more);
}

Texts problems_with(const Texts& targets) {
  return problems_in(project(fmt::format("{}", fmt::join(targets, ",\n"))));
}

Texts problems_with_name(std::string_view name) {
  return problems_with({named(name)});
}

}  // namespace

TEST_CASE("names that become one name, or one file, are refused") {
  CHECK(problems_with({named("a"), named("b"), named("a")}) ==
        Texts{R"(4:10: there is a target "a" already, in line 2)"});
  CHECK(
      problems_with({named("My App"), named("my_app")}) ==
      Texts{
          R"(3:10: "my_app" is the same name as "My App" in line 2: case, '.', '_', '-' and blanks make no difference)"});
  CHECK(
      problems_with({named("app", R"("autoRun": {"command": "x"})"), named("app-runner")}) ==
      Texts{
          R"(2:10: channel "runner" of target "app" would log into the file of target "app-runner")"});
  CHECK(problems_with({named("app"), named("app-runner")}).empty());
  CHECK(problems_with({named("app", R"("logChannels": ["lint"])"), named("app-lint")}).size() == 1);
}

TEST_CASE("names are safe as parts of file names") {
  for (const auto* name : {"a", "Poltergeist.app", "my tool", "0-a_b", "a.b"}) {
    INFO(name);
    CHECK(problems_with_name(name).empty());
  }
  for (const auto* name : {"../../x", "a/b", "..", ".hidden", "a..b", "-x", " a", "a ", "ä",
                           "a\\nb", "a;b", "daemon", "Daemon"}) {
    INFO(name);
    CHECK(problems_with_name(name).size() == 1);
  }
  CHECK(problems_with_name(std::string(64, 'a')).empty());
  CHECK(problems_with_name(std::string(65, 'a')).size() == 1);
  CHECK(problems_with({named("a", R"("logChannels": ["../x", "b c"])")}).size() == 2);
}

TEST_CASE("a circle of dependencies is named, target by target, where it closes") {
  CHECK(problems_with({named("a", R"("dependsOn": ["b"])"), named("b", R"("dependsOn": ["c"])"),
                       named("c", R"("dependsOn": ["d", "b"])"), named("d")}) ==
        Texts{R"(4:91: these dependencies form a cycle: b → c → b)"});
  CHECK(problems_with({named("a", R"("dependsOn": ["a"])")}) ==
        Texts{R"(2:86: these dependencies form a cycle: a → a)"});
}

TEST_CASE("dependencies on many paths are no circle") {
  CHECK(problems_with({named("top", R"("dependsOn": ["left", "right"])"),
                       named("left", R"("dependsOn": ["base"])"),
                       named("right", R"("dependsOn": ["base"])"), named("base")})
            .empty());
}

TEST_CASE("a chain of thousands of dependencies is walked without recursion") {
  Texts targets;
  for (int i = 0; i < 9'000; ++i) {
    targets.push_back(named(fmt::format("t{}", i), fmt::format("\"dependsOn\": [\"t{}\"]", i + 1)));
  }
  targets.push_back(named("t9000"));
  CHECK(problems_with(targets).empty());
}

TEST_CASE("a dependency that does not exist is told the nearest name") {
  CHECK(problems_with({named("app", R"("dependsOn": ["serevr"])"), named("server")}) ==
        Texts{R"(2:88: there is no target "serevr"; did you mean "server"?)"});
}

TEST_CASE("a dependency that is not enabled is a note") {
  CHECK(notes_in(project(named("app", R"("dependsOn": ["lib"])") + ",\n" +
                         named("lib", R"("enabled": false)"))) ==
        Texts{R"(2:88: "lib" is not enabled: it is built only when "app" needs it)"});
}
