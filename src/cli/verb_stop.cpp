// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "cli/daemon_stop.h"
#include "cli/output.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

int verb_stop(Arguments& arguments) {
  std::string config;
  arguments.config(config);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(config);
  if (!project) return report(project.error());
  const auto root = for_terminal(project->root().string());
  const auto stopped = stop_daemon(*project);
  if (!stopped) return report(stopped.error());
  // Whoever says stop wants none to run: that is so.
  if (!*stopped) {
    say(fmt::format("nothing to stop: no daemon is running for {}", root));
  } else {
    print(fmt::format("stopped haunting {} (pid {})\n", root, **stopped));
  }
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
