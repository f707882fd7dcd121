// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/project_at.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

namespace {

// The pid of the daemon that answers, if everything is as it should be.
Attempt<int> look(const std::string& config) {
  const auto project = find_project(config);
  if (!project) return refuse(project.error());
  if (const auto loaded = load_configuration(project->file); !loaded) {
    return refuse(loaded.error());
  }
  auto client = connect(*project);
  if (!client) return refuse(client.error());
  // Not only that it listens: its loop turns.
  const auto status = ask(*client, api::method::kStatus);
  if (!status) return refuse(status.error());
  return client->hello().pid;
}

}  // namespace

int verb_health(Arguments& arguments) {
  std::string config;
  bool json = false;
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto pid = look(config);
  if (json) {
    nlohmann::ordered_json answer;
    answer["healthy"] = pid.has_value();
    if (pid) answer["pid"] = *pid;
    if (!pid) answer["reason"] = pid.error().message;
    print_json(answer);
    return pid ? to_int(ExitCode::Yes) : to_int(pid.error().code);
  }
  if (!pid) return report(pid.error());
  print(
      fmt::format("healthy: the configuration is valid, and the daemon (pid {}) answers\n", *pid));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
