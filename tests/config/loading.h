// SPDX-License-Identifier: MIT
// Configurations as texts, and what loading them says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace poltergeist::test {

inline const std::filesystem::path kConfiguration = "/p/poltergeist.config.json";

// A target that is complete, with `more` members in a line of their own.
inline std::string target(std::string_view more = "") {
  return R"({"name": "app", "type": "executable", "buildCommand": "make", "outputPath": "app", "watchPaths": [])" +
         std::string(more.empty() ? "" : ",\n") + std::string(more) + "}";
}

// A configuration with these targets from line 2 on, and `more` members in the last line.
inline std::string project(std::string_view targets, std::string_view more = "") {
  return "{\"version\": \"1.0\", \"targets\": [\n" + std::string(targets) + "]" +
         std::string(more.empty() ? "" : ",\n") + std::string(more) + "}";
}

// The problems of a text as "line:column: message"; empty if it loads.
inline std::vector<std::string> problems_in(std::string_view text,
                                            const config::Environment& environment = {}) {
  const auto loaded = config::load_project(text, kConfiguration, environment);
  std::vector<std::string> problems;
  if (loaded) return problems;
  for (const auto& problem : loaded.error()) problems.push_back(config::to_text(problem, ""));
  for (auto& problem : problems) problem.erase(0, 1);
  return problems;
}

// The project of a text that is good; otherwise the test ends with its problems.
inline config::Loaded load(std::string_view text, const config::Environment& environment = {}) {
  auto loaded = config::load_project(text, kConfiguration, environment);
  if (!loaded) {
    throw std::runtime_error(config::to_text(loaded.error(), kConfiguration));
  }
  return *std::move(loaded);
}

inline std::vector<std::string> notes_in(std::string_view text) {
  std::vector<std::string> notes;
  for (const auto& note : load(text).notes) notes.push_back(config::to_text(note, "").substr(1));
  return notes;
}

}  // namespace poltergeist::test
