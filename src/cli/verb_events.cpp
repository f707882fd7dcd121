// SPDX-License-Identifier: MIT
#include <tuple>

#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

namespace {

// False when nobody reads any more.
bool show(const api::Notification& note) {
  if (note.method != api::method::kEvent) return true;
  print_json_line(nlohmann::ordered_json(note.params));
  return flush_output();
}

int follow(api::Client& client, const api::Json& params) {
  // The first events may be quicker than the answer.
  const auto answer = ask(client, api::method::kEvents, params, kPatience,
                          [](const auto& note) { std::ignore = show(note); });
  if (!answer) return report(answer.error());
  while (true) {
    const auto note = client.next_notification();
    if (!note) return report({ExitCode::CannotAnswer, note.error().message, {}});
    if (!show(*note)) return to_int(ExitCode::CannotAnswer);
  }
}

}  // namespace

int verb_events(Arguments& arguments) {
  std::string scope;
  std::string config;
  arguments.positional("scope", scope,
                       "daemon, target:<name> or execution:<id>; everything if none is named");
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  auto client = connect(*project);
  if (!client) return report(client.error());
  api::Json params = api::Json::object();
  if (!scope.empty()) params["scope"] = scope;
  return follow(*client, params);
}

}  // namespace poltergeist::cli
