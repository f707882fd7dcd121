// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "api/messages.h"
#include "cli/answer_view.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/verb_functions.h"
#include "process/tool_variables.h"

namespace poltergeist::cli {

namespace {

// The daemon keeps the time; this much later its silence counts as silence.
constexpr Milliseconds kGrace{3000};

struct WaitOptions {
  std::string target;
  std::string config;
  std::uint64_t timeout = 300;
  bool json = false;
};

void show_json(const WaitOptions& options, const api::WaitResult& result) {
  if (!options.target.empty() && result.targets.size() == 1) {
    return print_json(answer_json(result.targets.front()));
  }
  auto targets = nlohmann::ordered_json::array();
  for (const auto& answer : result.targets) targets.push_back(answer_json(answer));
  print_json(nlohmann::ordered_json{{"targets", std::move(targets)},
                                    {"watch", nlohmann::ordered_json(api::to_json(result.watch))}});
}

void show_text(const api::WaitResult& result) {
  const auto style = style_for(STDOUT_FILENO);
  if (result.targets.empty()) say("no target is enabled: there is nothing to wait for");
  for (const auto& answer : result.targets) {
    print(answer_line(answer, style) + '\n' +
          failure_text(answer,
                       process::difference_text(process::differing_from_own(answer.environment))));
  }
}

Attempt<api::WaitResult> wait_for(api::Client& client, const WaitOptions& options) {
  const auto style = style_for(STDERR_FILENO);
  api::WaitParams params{.timeout = Seconds(options.timeout),
                         .follow = style.terminal && !options.json};
  if (!options.target.empty()) params.target = options.target;
  ProgressLine line(style);
  const auto answer = ask(client, api::method::kWait, api::to_json(params),
                          *params.timeout + kGrace, [&](const auto& note) {
                            if (note.method != api::method::kProgress) return;
                            const auto progress = api::from_json<api::ProgressNote>(note.params);
                            if (progress) line.show(*progress);
                          });
  if (!answer) return refuse(answer.error());
  auto result = api::from_json<api::WaitResult>(*answer);
  if (!result) return refuse(ExitCode::CannotAnswer, "{}", result.error().message);
  return std::move(*result);
}

}  // namespace

int verb_wait(Arguments& arguments) {
  WaitOptions options;
  arguments.target(options.target, "which; all enabled ones if none is named");
  arguments.number("-t,--timeout", options.timeout, "seconds", "give up after so long (300)");
  arguments.json(options.json);
  arguments.config(options.config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  auto client = connect(*project, kBuildPatience);
  if (!client) return report(client.error());
  const auto result = wait_for(*client, options);
  if (!result) return report(result.error());
  if (options.json) {
    show_json(options, *result);
  } else {
    show_text(*result);
  }
  return to_int(exit_code_for(result->targets));
}

}  // namespace poltergeist::cli
