// SPDX-License-Identifier: MIT
// What a supervisor has to know of a runner beside what its core decides by.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/project.h"

namespace poltergeist::supervisor {

struct Settings {
  std::string name;  // of the target
  config::AutoRun auto_run;
  std::filesystem::path root;               // what `port_file` is relative to
  std::filesystem::path cwd;                // of the sidecar and of the commands
  std::vector<std::string> env;             // theirs, whole, but for what `auto_run` adds
  std::filesystem::path leases;             // the directory that all runners of this user share
  std::filesystem::path launch_names = {};  // the same, for the names of launch images
};

// An environment with the variables of the settings, and with POLTERGEIST_PORT if there is a port.
[[nodiscard]] std::vector<std::string> with_variables(std::vector<std::string> env,
                                                      const config::AutoRun& settings,
                                                      std::optional<int> port);

}  // namespace poltergeist::supervisor
