// SPDX-License-Identifier: MIT
#include "cli/completion_script.h"
#include "cli/output.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

int verb_completion(Arguments& arguments) {
  std::string shell;
  std::vector<std::string> shells;
  for (const auto& entry : kShells) shells.emplace_back(entry.name);
  arguments.required_choice("shell", shell, shells, "bash, zsh or fish");
  if (const auto end = arguments.end()) return *end;
  print(completion_script(*value_in(kShells, shell)));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
