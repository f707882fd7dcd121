// SPDX-License-Identifier: MIT
#include "supervisor/settings.h"

#include "process/environment.h"
#include "runners/port_placeholder.h"

namespace poltergeist::supervisor {

std::vector<std::string> with_variables(std::vector<std::string> env,
                                        const config::AutoRun& settings, std::optional<int> port) {
  auto variables = settings.env;
  for (auto& [name, value] : variables) value = runners::with_port(value, port);
  if (port) variables["POLTERGEIST_PORT"] = std::to_string(*port);
  return process::merged_environment(std::move(env), variables);
}

}  // namespace poltergeist::supervisor
