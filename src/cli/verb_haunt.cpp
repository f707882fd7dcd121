// SPDX-License-Identifier: MIT
#include "cli/daemon_start.h"
#include "cli/verb_functions.h"

namespace poltergeist::cli {

int verb_haunt(Arguments& arguments) {
  HauntOptions options;
  declare(arguments, options);
  if (const auto end = arguments.end()) return *end;
  return haunt(options);
}

}  // namespace poltergeist::cli
