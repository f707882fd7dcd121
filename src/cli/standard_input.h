// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>

#include "cli/refusal.h"

namespace poltergeist::cli {

// All of the standard input; a wrong call if it is longer than `most` bytes.
[[nodiscard]] Attempt<std::string> standard_input(std::size_t most);

}  // namespace poltergeist::cli
