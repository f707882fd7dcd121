// SPDX-License-Identifier: MIT
#include "cli/execution_input.h"

#include "base/json_text.h"
#include "base/text.h"
#include "cli/standard_input.h"
#include "sys/files.h"

namespace poltergeist::cli {

namespace {

constexpr std::size_t kMostInput = 16 << 20;

Attempt<std::string> text_of(const std::string& json) {
  if (json == "-") return standard_input(kMostInput);
  if (!json.starts_with('@')) return json;
  auto text = read_file(json.substr(1), kMostInput);
  if (!text) return refuse(ExitCode::Usage, "--input-json: {}", text.error().message);
  return std::move(*text);
}

}  // namespace

Attempt<nlohmann::json> execution_input(const std::string& json,
                                        const std::vector<std::string>& pairs) {
  auto input = nlohmann::json::object();
  if (!json.empty()) {
    const auto text = text_of(json);
    if (!text) return refuse(text.error());
    auto parsed = json_of(*text);
    if (!parsed || !parsed->is_object()) {
      return refuse(ExitCode::Usage,
                    "--input-json: the input of a task is a JSON object, {{\"key\": value, …}}");
    }
    input = std::move(*parsed);
  }
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return refuse(ExitCode::Usage, "--input {}: it has the form key=value", for_terminal(pair));
    }
    // Its bytes as they are: a variable or an argument need not be UTF-8.
    input[to_utf8(pair.substr(0, equals))] = pair.substr(equals + 1);
  }
  return input;
}

}  // namespace poltergeist::cli
