// SPDX-License-Identifier: MIT
// `${VAR}` and `${VAR:-default}` in values that are not lines for a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/project.h"

namespace poltergeist::config {

// As the shell has it: the default holds for a variable that is not set or empty, and is taken as
// it stands. `$${` is a plain `${`; a `$` before anything else is nothing special. Invalid: a
// variable that is not set and has no default, a name that is none, a `}` that is missing.
[[nodiscard]] Result<std::string> substitute(std::string_view text, const Environment& environment);

// The text of which substitute() makes `text`, whatever the environment.
[[nodiscard]] std::string unsubstituted(std::string_view text);

// The names in it whose values substitute() would look up, as far as it would come.
[[nodiscard]] std::vector<std::string> variables_in(std::string_view text);

}  // namespace poltergeist::config
