// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/connection.h"
#include "cli/json_view.h"
#include "cli/known_state.h"
#include "cli/output.h"
#include "cli/status_view.h"
#include "cli/target_choice.h"
#include "cli/timing_view.h"
#include "cli/verb_functions.h"
#include "process/tool_variables.h"
#include "sys/clock.h"

namespace poltergeist::cli {

namespace {

struct StatusOptions {
  std::string target;
  std::string config;
  bool json = false;
  bool fresh = false;
  bool verbose = false;
  bool timing = false;
};

void show(const StatusOptions& options, const nlohmann::json& document, const std::string& only) {
  if (options.timing) {
    const auto targets = document.value("targets", nlohmann::json::object());
    options.json ? print_json(targets) : print(timing_text(targets, style_for(STDOUT_FILENO)));
  } else if (options.json) {
    print_json(status_json(document, only));
  } else {
    const auto detail = options.verbose ? Detail::Verbose : Detail::Short;
    print(status_text(document, wall_now(), detail, style_for(STDOUT_FILENO)));
  }
}

// Beside the daemon's tool variables, which of them are others than ours.
void compare_environments(nlohmann::json& document) {
  const auto theirs = JsonView(document)["daemon"]["environment"].texts_by_name();
  const auto names = process::differing_from_own(theirs);
  if (!names.empty()) document["daemon"]["environmentDiffers"] = names;
}

// The daemon narrows the answer to the target, and knows how it is spelt.
std::string only_name(const nlohmann::json& document) {
  const auto targets = document.find("targets");
  if (targets == document.end() || !targets->is_object() || targets->size() != 1) return {};
  return targets->get_ref<const nlohmann::json::object_t&>().begin()->first;
}

int show_last_known(const StatusOptions& options, const ProjectAt& project,
                    const Refusal& because) {
  const auto loaded = load_configuration(project.file);
  if (!loaded) return report(loaded.error());
  nlohmann::json document;
  if (options.timing) {
    auto recorded = recorded_timing(project, loaded->project);
    if (!recorded) return report({ExitCode::CannotAnswer, recorded.error().message, {}});
    document = std::move(*recorded);
  } else {
    document = last_known(project, loaded->project,
                          because == silent_daemon(project) ? Daemon::Silent : Daemon::None);
  }
  if (!options.target.empty()) {
    const auto target = named_target(loaded->project, options.target);
    if (!target) return report(target.error());
    const auto entry = document["targets"][target->value()];
    document["targets"] = {{target->value(), entry}};
  }
  show(options, document, {});
  return report(because);
}

}  // namespace

int verb_status(Arguments& arguments) {
  StatusOptions options;
  arguments.target(options.target, "show this one only");
  arguments.value("-t,--target", options.target, "target", "the same", Parameter::Offer::Targets);
  arguments.flag("--fresh", options.fresh, "look at the tree first");
  arguments.flag("--verbose", options.verbose, "commands, outputs, figures");
  arguments.flag("--timing", options.timing, "how long each step of its last 100 builds took");
  arguments.json(options.json);
  arguments.config(options.config);
  if (const auto end = arguments.end()) return *end;
  if (options.timing && (options.fresh || options.verbose)) {
    return arguments.misuse("--timing is an answer of its own, without --fresh and --verbose");
  }

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  auto client = connect(*project);
  if (!client) {
    const auto& because = client.error();
    if (because == no_daemon(*project) || because == silent_daemon(*project)) {
      return show_last_known(options, *project, because);
    }
    return report(because);
  }
  api::Json params = api::Json::object();
  if (!options.target.empty()) params["target"] = options.target;
  if (options.fresh) params["fresh"] = true;
  // Looking at a huge tree first may take its time.
  const auto patience = options.fresh ? std::nullopt : std::optional(kPatience);
  const auto method = options.timing ? api::method::kTiming : api::method::kStatus;
  auto document = ask(*client, method, params, patience);
  if (!document) return report(document.error());
  if (!options.timing) compare_environments(*document);
  show(options, *document, options.target.empty() ? std::string() : only_name(*document));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
