// SPDX-License-Identifier: MIT
// `pause` and `resume`: the daemon is told, or the flag is set that it finds when it starts.
#include <fmt/format.h>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/verb_functions.h"
#include "state/pause_flag.h"

namespace poltergeist::cli {

namespace {

enum class Builds { Paused, Automatic };

int set_builds(Arguments& arguments, Builds builds) {
  std::string config;
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  const bool paused = builds == Builds::Paused;
  auto client = connect(*project);
  if (client) {
    const auto answer = ask(*client, paused ? api::method::kPause : api::method::kResume);
    if (!answer) return report(answer.error());
  } else if (client.error() != no_daemon(*project)) {
    return report(client.error());
  } else if (const auto set = state::set_paused(project->paths, paused); !set) {
    return report({ExitCode::CannotAnswer, set.error().message, {}});
  }
  print(paused ? "automatic builds are paused; `poltergeist resume` ends it\n"
               : "automatic builds go on\n");
  if (!client) say("(no daemon is running; this holds for the next one)");
  return to_int(ExitCode::Yes);
}

}  // namespace

int verb_pause(Arguments& arguments) {
  return set_builds(arguments, Builds::Paused);
}

int verb_resume(Arguments& arguments) {
  return set_builds(arguments, Builds::Automatic);
}

}  // namespace poltergeist::cli
