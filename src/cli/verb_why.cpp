// SPDX-License-Identifier: MIT
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/verb_functions.h"
#include "cli/why_view.h"
#include "sys/clock.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

// A word that can only be a path, or names something that is there.
bool is_path(const std::string& word) {
  std::error_code ignored;
  return word.find('/') != std::string::npos || fs::exists(word, ignored);
}

fs::path absolute(const std::string& word) {
  std::error_code error;
  const auto path = fs::absolute(word, error).lexically_normal();
  return error ? fs::path(word) : path;
}

// The root is a real path; what lies below it must be named by that one.
std::string path_in(const ProjectAt& project, const std::string& word) {
  const auto path = absolute(word);
  std::error_code error;
  const auto directory = fs::weakly_canonical(path.parent_path(), error);
  const auto real = error ? path : directory / path.filename();
  const auto relative = real.lexically_relative(project.root());
  const bool inside = !relative.empty() && *relative.begin() != "..";
  return inside ? relative.string() : real.string();
}

int show(const nlohmann::json& answer, bool json) {
  if (json) {
    print_json(answer);
  } else {
    print(answer.contains("path") ? why_path_text(answer) : why_target_text(answer, wall_now()));
  }
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_why(Arguments& arguments) {
  std::string word;
  std::string config;
  bool json = false;
  arguments.required("path|target", word, "a file or directory, or a target",
                     Parameter::Offer::Files);
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  auto client = connect(*project);
  if (!client) return report(client.error());
  // A target of that name speaks first, unless the word is clearly a path.
  if (word.find('/') == std::string::npos) {
    const auto answer = ask(*client, api::method::kWhy, {{"target", word}});
    if (answer) return show(*answer, json);
    if (answer.error().code != ExitCode::Unknown || !is_path(word)) return report(answer.error());
  }
  const auto answer = ask(*client, api::method::kWhy, {{"path", path_in(*project, word)}});
  return answer ? show(*answer, json) : report(answer.error());
}

}  // namespace poltergeist::cli
