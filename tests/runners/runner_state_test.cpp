// SPDX-License-Identifier: MIT
// The whole product of standings and events: what never happens, and the table of docs/runners.md.
#include "runners/runner_state.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace poltergeist;
using namespace poltergeist::runners;

namespace {

constexpr const char* kDocument = POLTERGEIST_SOURCE_DIR "/docs/runners.md";
constexpr const char* kBegin = "<!-- transitions: written by runners_test (UPDATE=1) -->\n";
constexpr const char* kEnd = "<!-- end of transitions -->\n";

std::vector<Standing> standings() {
  std::vector<Standing> all;
  for (const auto& state : kRunnerStates) {
    for (const auto& left : kUnitLefts) {
      const Standing standing{state.value, left.value};
      if (is_possible(standing)) all.push_back(standing);
    }
  }
  return all;
}

std::string name_of(Standing standing) {
  const bool is_told =
      is_possible({standing.state, UnitLeft::No}) && is_possible({standing.state, UnitLeft::Yes});
  std::string name(name_in(kRunnerStates, standing.state));
  return is_told ? name + std::string(name_in(kUnitLefts, standing.left)) : name;
}

std::string table() {
  std::string text = "| in | event | becomes | to do |\n|---|---|---|---|\n";
  for (const auto standing : standings()) {
    for (const auto& event : kRunnerEvents) {
      const auto transition = step(standing, event.value);
      if (!transition) continue;
      text += "| " + name_of(standing) + " | " + std::string(event.name) + " | " +
              name_of(transition->next) + " | " +
              std::string(name_in(kRunnerSteps, transition->step)) + " |\n";
    }
  }
  return text;
}

std::string text_of(const char* file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

static_assert(step({RunnerState::Idle, UnitLeft::No}, RunnerEvent::Launch)->next.state ==
              RunnerState::Starting);

}  // namespace

TEST_CASE("nothing is launched while anything of a unit is left") {
  for (const auto standing : standings()) {
    for (const auto& event : kRunnerEvents) {
      const auto transition = step(standing, event.value);
      if (!transition || transition->step != RunnerStep::Launch) continue;
      CHECK(standing.left == UnitLeft::No);
    }
  }
}

TEST_CASE("every transition leads to a standing that exists") {
  for (const auto standing : standings()) {
    for (const auto& event : kRunnerEvents) {
      const auto transition = step(standing, event.value);
      if (transition) CHECK(is_possible(transition->next));
    }
  }
}

TEST_CASE("a unit is there from its launch until it is gone, and not otherwise") {
  for (const auto standing : standings()) {
    for (const auto& event : kRunnerEvents) {
      const auto transition = step(standing, event.value);
      if (!transition) continue;
      INFO(name_of(standing) << " " << event.name);
      if (standing.left != transition->next.left) {
        const bool comes = transition->next.left == UnitLeft::Yes;
        CHECK(event.value == (comes ? RunnerEvent::Launched : RunnerEvent::Gone));
      }
    }
  }
}

TEST_CASE("what is up can be told to end, and the end of all that is left is understood") {
  for (const auto standing : standings()) {
    if (standing.left == UnitLeft::No) continue;
    INFO(name_of(standing));
    const bool is_up =
        standing.state == RunnerState::Running || standing.state == RunnerState::Starting;
    CHECK(step(standing, RunnerEvent::Retire).has_value() == is_up);
    CHECK(step(standing, RunnerEvent::Gone).has_value() != is_up);
  }
}

TEST_CASE("the states follow each other as they are documented to") {
  using enum RunnerState;
  const std::vector<std::pair<RunnerState, std::vector<RunnerState>>> documented = {
      {Idle, {Starting}},
      {Starting, {Running, Stopping, Completed, Failed}},
      {Running, {Stopping, Completed, Failed}},
      {Stopping, {Idle}},
      {Completed, {Idle, Starting}},
      {Failed, {Idle, Starting}},
  };
  for (const auto& [from, allowed] : documented) {
    for (const auto& state : kRunnerStates) {
      bool is_reached = false;
      for (const auto standing : standings()) {
        for (const auto& event : kRunnerEvents) {
          const auto transition = step(standing, event.value);
          is_reached = is_reached || (standing.state == from && state.value != from && transition &&
                                      transition->next.state == state.value);
        }
      }
      INFO(name_in(kRunnerStates, from) << " → " << state.name);
      CHECK(is_reached ==
            (std::find(allowed.begin(), allowed.end(), state.value) != allowed.end()));
    }
  }
}

TEST_CASE("docs/runners.md shows the transitions as they are") {
  const std::string document = text_of(kDocument);
  const auto begin = document.find(kBegin);
  const auto end = document.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto table_begin = begin + std::string(kBegin).size();
  if (std::getenv("UPDATE") != nullptr) {
    std::ofstream(kDocument) << document.substr(0, table_begin) << table() << document.substr(end);
    return;
  }
  CHECK(document.substr(table_begin, end - table_begin) == table());
}
