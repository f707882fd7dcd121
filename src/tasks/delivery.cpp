// SPDX-License-Identifier: MIT
#include "tasks/delivery.h"

#include <algorithm>

#include "base/json_text.h"
#include "base/text.h"

namespace poltergeist::tasks {

namespace {

// What Linux takes as one argument or one variable, its NUL included (MAX_ARG_STRLEN in
// linux/binfmts.h: 32 pages).
constexpr std::size_t kLongestText = 128 << 10;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// A text as it is, nothing for null, anything else as JSON writes it.
std::string text_of(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : stored_text(value);
}

// Checked for what no argument and no variable can be.
Result<std::string> passable_text(const std::string& key, const Json& value) {
  auto text = text_of(value);
  const auto name = for_terminal(key);
  if (text.find('\0') != std::string::npos) {
    return fail(Errc::Invalid,
                "the input \"{}\" holds a NUL, which no argument and no variable can; inputFormat "
                "json_stdin or json_file can pass it on",
                name);
  }
  if (text.size() + key.size() + sizeof("INPUT_=") >= kLongestText) {
    return fail(Errc::Invalid,
                "the input \"{}\" is {} KiB long, more than an argument or a variable holds ({} "
                "KiB); inputFormat json_stdin or json_file can pass it on",
                name, text.size() >> 10, kLongestText >> 10);
  }
  return text;
}

Result<std::string> json_text(const Json& input) {
  auto text = stored_text(input);
  if (json_of(text) == input) return text;
  return fail(
      Errc::Invalid,
      "the input holds bytes that are not UTF-8, or nests too deep: JSON cannot pass it on; "
      "inputFormat env or args can pass on bytes");
}

Result<config::Environment> variables_of(const Json& input) {
  config::Environment variables;
  for (const auto& [key, value] : input.items()) {
    auto text = passable_text(key, value);
    if (!text) return fail(text.error());
    const auto name = variable_name("INPUT_", key);
    if (!variables.emplace(name, std::move(*text)).second) {
      return fail(Errc::Invalid,
                  "two fields of the input would both be the variable {}: \"{}\" "
                  "is one of them",
                  name, for_terminal(key));
    }
  }
  return variables;
}

// In the order of the fields' names: nlohmann's objects are sorted by bytes.
Result<std::vector<std::string>> arguments_of(const Json& input) {
  std::vector<std::string> arguments;
  for (const auto& [key, value] : input.items()) {
    auto text = passable_text(key, value);
    if (!text) return fail(text.error());
    arguments.push_back(std::move(*text));
  }
  return arguments;
}

std::vector<std::string> argv_of(const config::Task& task,
                                 const std::vector<std::string>& input_arguments) {
  std::vector<std::string> arguments = task.args;
  arguments.insert(arguments.end(), input_arguments.begin(), input_arguments.end());
  if (!task.shell) {
    arguments.insert(arguments.begin(), task.command);
    return arguments;
  }
  auto line = task.command;
  for (const auto& argument : arguments) line += ' ' + shell_quoted(argument);
  return {"/bin/sh", "-c", std::move(line)};
}

}  // namespace

std::string stored_text(const Json& input) {
  return input.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string variable_name(std::string_view prefix, std::string_view key) {
  constexpr std::string_view kAny = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::string name(prefix);
  for (char c : key) {
    if (is_continuation(c)) continue;  // one "_" for a character, however many bytes it has
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    name += kAny.find(c) == std::string_view::npos ? '_' : c;
  }
  return name;
}

Result<Delivery> deliver(const config::Task& task, const Json& input) {
  if (!input.is_object()) {
    return fail(Errc::Invalid, "the input of a task is a JSON object, not {}", input.type_name());
  }
  Delivery delivery;
  std::vector<std::string> input_arguments;
  switch (task.input_format) {
    case config::InputFormat::Env: {
      auto variables = variables_of(input);
      if (!variables) return fail(variables.error());
      delivery.variables = std::move(*variables);
      break;
    }
    case config::InputFormat::Args: {
      auto arguments = arguments_of(input);
      if (!arguments) return fail(arguments.error());
      input_arguments = std::move(*arguments);
      break;
    }
    case config::InputFormat::JsonStdin:
    case config::InputFormat::JsonFile: {
      auto text = json_text(input);
      if (!text) return fail(text.error());
      const bool by_stdin = task.input_format == config::InputFormat::JsonStdin;
      (by_stdin ? delivery.standard_input : delivery.input_file) = std::move(*text);
      break;
    }
  }
  delivery.argv = argv_of(task, input_arguments);
  return delivery;
}

}  // namespace poltergeist::tasks
