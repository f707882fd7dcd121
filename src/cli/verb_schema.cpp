// SPDX-License-Identifier: MIT
#include "cli/output.h"
#include "cli/verb_functions.h"
#include "config/schema.h"

namespace poltergeist::cli {

int verb_schema(Arguments& arguments) {
  if (const auto end = arguments.end()) return *end;
  print(config::json_schema());
  return to_int(ExitCode::Yes);
}

}  // namespace poltergeist::cli
