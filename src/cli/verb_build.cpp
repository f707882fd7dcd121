// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <tuple>

#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "base/exit.h"
#include "base/text.h"
#include "cli/answer_view.h"
#include "cli/connection.h"
#include "cli/daemon_entry.h"
#include "cli/output.h"
#include "cli/target_choice.h"
#include "cli/verb_functions.h"
#include "process/tool_variables.h"
#include "sys/clock.h"

namespace poltergeist::cli {

namespace {

struct BuildOptions {
  std::string target;
  std::string config;
  bool force = false;
  bool json = false;
};

// The build's own output, as it comes.
void show_output(const api::Notification& note, const Style& style) {
  if (note.method != api::method::kOutput) return;
  const auto output = api::from_json<api::OutputNote>(note.params);
  if (!output) return;
  print(for_terminal(output->text, style.colours()));
  std::ignore = flush_output();
}

void show_answer(const BuildOptions& options, const api::TargetAnswer& answer, WallTime asked) {
  if (options.json) return print_json(answer_json(answer));
  const auto style = style_for(STDERR_FILENO);
  const auto finished = from_iso8601(answer.finished_at);
  if (answer.answer == api::Answer::Fresh && finished && *finished < asked) {
    return say(for_terminal(answer.target) + ": fresh already; --force builds it all the same");
  }
  say(answer_line(answer, style));
  // The errors went by with the output; where all of it is kept is still to be said.
  if (answer.answer == api::Answer::Failed && !answer.log_file.empty()) {
    say("  the whole log: " + for_terminal(answer.log_file));
  }
  if (const auto hint = process::difference_text(process::differing_from_own(answer.environment));
      !hint.empty()) {
    say("  " + hint);
  }
}

int build_with(api::Client& client, const BuildOptions& options, const TargetId& target) {
  const auto asked = wall_now();
  const api::BuildParams params{
      .target = target.value(), .force = options.force, .follow = !options.json};
  const auto style = style_for(STDOUT_FILENO);
  const auto result = ask(client, api::method::kBuild, api::to_json(params), std::nullopt,
                          [&](const auto& note) { show_output(note, style); });
  if (!result) return report(result.error());
  const auto answer = api::from_json<api::TargetAnswer>(*result);
  if (!answer) return report({ExitCode::CannotAnswer, answer.error().message, {}});
  show_answer(options, *answer, asked);
  return to_int(exit_code_for(*answer));
}

int build_without_daemon(const DaemonCall& call, const BuildOptions& options,
                         const TargetId& target) {
  const auto asked = wall_now();
  const auto style = style_for(STDOUT_FILENO);
  daemon::ForegroundBuild build{.target = target.value(), .force = options.force, .on_line = {}};
  if (!options.json) {
    build.on_line = [&](std::string_view line) {
      print(for_terminal(line, style.colours()) + '\n');
      std::ignore = flush_output();
    };
  }
  const auto result = build_here(call, build);
  if (!result) {
    const auto code =
        result.error().code == Errc::Invalid ? ExitCode::Usage : ExitCode::CannotAnswer;
    return report({code, result.error().message, {}});
  }
  if (!result->answer) return Exit::by_signal(result->signal).shell_code();
  show_answer(options, *result->answer, asked);
  return to_int(exit_code_for(*result->answer));
}

}  // namespace

int verb_build(Arguments& arguments) {
  BuildOptions options;
  arguments.target(options.target, "which; the enabled one if there is only one");
  arguments.flag("-f,--force", options.force, "build even if it is fresh");
  arguments.json(options.json);
  arguments.config(options.config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  const auto loaded = load_configuration(project->file);
  if (!loaded) return report(loaded.error());
  const auto target = chosen_target(loaded->project, options.target, "build");
  if (!target) return report(target.error());
  auto client = connect(*project, kBuildPatience);
  if (client) return build_with(*client, options, *target);
  if (client.error() != no_daemon(*project)) return report(client.error());
  return build_without_daemon({.config_file = project->file,
                               .state_dir = project->paths.state_dir(),
                               .only_targets = {target->value()},
                               .level = loaded->project.logging.level},
                              options, *target);
}

}  // namespace poltergeist::cli
