// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "cli/connection.h"
#include "cli/errors_view.h"
#include "cli/known_state.h"
#include "cli/output.h"
#include "cli/target_choice.h"
#include "cli/verb_functions.h"
#include "daemon/version.h"

namespace poltergeist::cli {

namespace {

struct ErrorsOptions {
  std::string target;
  std::string config;
  std::string format = "text";
};

// The daemon knows the latest; without one the state files hold what it knew last.
Attempt<nlohmann::json> targets_of(const ProjectAt& project, const ErrorsOptions& options) {
  auto client = connect(project);
  if (client) {
    api::Json params = api::Json::object();
    if (!options.target.empty()) params["target"] = options.target;
    auto document = ask(*client, api::method::kStatus, params);
    if (!document) return refuse(document.error());
    return document->value("targets", nlohmann::json::object());
  }
  if (client.error() != no_daemon(project)) return refuse(client.error());
  const auto loaded = load_configuration(project.file);
  if (!loaded) return refuse(loaded.error());
  auto targets = last_known(project, loaded->project)["targets"];
  say("(no daemon is running; these are the builds that it knew last)");
  if (options.target.empty()) return targets;
  const auto target = named_target(loaded->project, options.target);
  if (!target) return refuse(target.error());
  return nlohmann::json{{target->value(), targets[target->value()]}};
}

void show(const ErrorsOptions& options, const ProjectAt& project,
          const std::vector<TargetErrors>& all) {
  if (options.format == "json") return print_json(errors_json(all));
  if (options.format == "sarif")
    return print_json(errors_sarif(all, project.root(), daemon::kVersion));
  if (options.format == "quickfix") return print(errors_quickfix(all));
  print(errors_text(all));
}

}  // namespace

int verb_errors(Arguments& arguments) {
  ErrorsOptions options;
  bool json = false;
  arguments.target(options.target, "of this one only");
  arguments.choice("--format", options.format, {"text", "json", "quickfix", "sarif"},
                   "how to write them");
  arguments.flag("--json", json, "the same as --format json");
  arguments.config(options.config);
  if (const auto end = arguments.end()) return *end;
  if (json) options.format = "json";

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  const auto targets = targets_of(*project, options);
  if (!targets) return report(targets.error());
  const auto all = errors_in(*targets);
  show(options, *project, all);
  return to_int(any_error(all) ? ExitCode::No : ExitCode::Yes);
}

}  // namespace poltergeist::cli
