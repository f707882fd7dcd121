// SPDX-License-Identifier: MIT
#include "cli/verbs.h"

#include <set>

#include <catch2/catch.hpp>

#include "cli/completion_script.h"
#include "cli/program.h"

using namespace poltergeist::cli;

TEST_CASE("no two verbs have one name") {
  const auto names = verb_names();
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("a verb is found by its name and by its alias") {
  REQUIRE(verb_for("start") != nullptr);
  CHECK(verb_for("start") == verb_for("haunt"));
  CHECK(verb_for("rest") == verb_for("stop"));
  CHECK(verb_for("") == nullptr);
  CHECK(verb_for("Haunt") == nullptr);
}

TEST_CASE("a verb either acts or passes its words through") {
  for (const auto& verb : verbs()) {
    CAPTURE(verb.name);
    CHECK((verb.act == nullptr) != (verb.pass_through == nullptr));
  }
}

TEST_CASE("no two parameters of a verb share a name, and each has its help") {
  for (const auto& verb : verbs()) {
    CAPTURE(verb.name);
    std::set<std::string> names;
    for (const auto& parameter : parameters_of(verb)) {
      CHECK((parameter.internal || !parameter.help.empty()));
      for (const auto& name : parameter.names) CHECK(names.insert(name).second);
    }
  }
}

TEST_CASE("the program's help names every verb, within 100 columns") {
  const auto help = program_help();
  for (const auto& name : verb_names()) {
    CAPTURE(name);
    CHECK(help.find(name) != std::string::npos);
  }
  std::size_t column = 0;
  for (const char c : help) {
    column = c == '\n' ? 0 : column + 1;
    CHECK(column <= 100);
  }
}

TEST_CASE("each shell's completion names every verb and hides what is internal") {
  for (const auto& [shell, name] : kShells) {
    CAPTURE(name);
    const auto script = completion_script(shell);
    for (const auto& verb : verb_names()) CHECK(script.find(verb) != std::string::npos);
    CHECK(script.find("ready-fd") == std::string::npos);
    CHECK(script.find("log-level") != std::string::npos);
  }
}
