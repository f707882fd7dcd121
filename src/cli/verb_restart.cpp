// SPDX-License-Identifier: MIT
#include "cli/daemon_start.h"
#include "cli/daemon_stop.h"
#include "cli/output.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

int verb_restart(Arguments& arguments) {
  HauntOptions options;
  declare(arguments, options);
  if (const auto end = arguments.end()) return *end;

  const auto project = find_project(options.config);
  if (!project) return report(project.error());
  // A configuration that cannot be loaded must not cost the daemon that runs.
  if (const auto loaded = load_configuration(project->file); !loaded) {
    return report(loaded.error());
  }
  if (const auto stopped = stop_daemon(*project); !stopped) return report(stopped.error());
  return haunt(options);
}

}  // namespace poltergeist::cli
