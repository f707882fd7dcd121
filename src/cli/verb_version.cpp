// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "cli/output.h"
#include "cli/verb_functions.h"
#include "daemon/version.h"

namespace poltergeist::cli {

int verb_version(Arguments& arguments) {
  if (const auto end = arguments.end()) return *end;
  print(fmt::format("Poltergeist v{}\n", daemon::kVersion));
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
