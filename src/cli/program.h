// SPDX-License-Identifier: MIT
// `poltergeist` as a function: finds the verb, calls it, and returns the exit code of the process.
// A program whose name ends in "polter" is `polter`.
#pragma once

#include <string>

namespace poltergeist::cli {

[[nodiscard]] int run_program(int argc, char** argv);

// What `poltergeist --help` prints.
[[nodiscard]] std::string program_help();

}  // namespace poltergeist::cli
