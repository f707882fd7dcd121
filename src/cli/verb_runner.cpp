// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "cli/connection.h"
#include "cli/json_view.h"
#include "cli/output.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

namespace {

void show(const std::string& target, const nlohmann::json& answer) {
  const JsonView runner(answer);
  auto line = fmt::format("{}: {}", for_terminal(target), runner["status"].text());
  if (const auto pid = runner["pid"].number()) line += fmt::format(", pid {}", *pid);
  if (const auto port = runner["port"].number()) line += fmt::format(", port {}", *port);
  if (const auto code = runner["exitCode"].number()) line += fmt::format(", exit {}", *code);
  if (const auto restarts = runner["restarts"].number(); restarts && *restarts > 0) {
    line += fmt::format(", {} restart{}", *restarts, *restarts == 1 ? "" : "s");
  }
  print(line + '\n');
}

}  // namespace

int verb_runner(Arguments& arguments) {
  std::string what;
  std::string target;
  std::string config;
  bool json = false;
  arguments.required_choice("action", what, {"start", "stop", "restart", "status"},
                            "start, stop, restart or status");
  arguments.required("target", target, "a target with autoRun", Parameter::Offer::Targets);
  arguments.json(json);
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  auto client = connect(*project);
  if (!client) return report(client.error());
  // Stopping a program takes as long as the program is given to end.
  const auto answer = ask(*client, "runner." + what, {{"target", target}}, std::nullopt);
  if (!answer) return report(answer.error());
  if (json) {
    print_json(*answer);
  } else {
    show(target, *answer);
  }
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
