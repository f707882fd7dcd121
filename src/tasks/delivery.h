// SPDX-License-Identifier: MIT
// How a task is given its input: what becomes arguments, variables, standard input or a file.
// Pure: the caller writes the file and starts the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "config/project.h"

namespace poltergeist::tasks {

using Json = nlohmann::json;

struct Delivery {
  std::vector<std::string> argv;  // whole; argv[0] with a slash is relative to the task's directory
  config::Environment variables;  // over the task's `env`
  std::optional<std::string> standard_input;  // absent: there is none
  std::optional<std::string> input_file;      // content of the file whose path INPUT_FILE names
};

// Errc::Invalid, with a message for people: `input` is no object, holds a NUL where there can be
// none, has two fields that would be one variable, or a field larger than the kernel passes on.
[[nodiscard]] Result<Delivery> deliver(const config::Task& task, const Json& input);

// An input as JSON. Texts may hold bytes that are not UTF-8, which become U+FFFD there.
[[nodiscard]] std::string stored_text(const Json& input);

// "max retries" with "INPUT_" is "INPUT_MAX_RETRIES": upper case, and a "_" for every character
// that a variable's name cannot have.
[[nodiscard]] std::string variable_name(std::string_view prefix, std::string_view key);

}  // namespace poltergeist::tasks
