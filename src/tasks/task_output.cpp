// SPDX-License-Identifier: MIT
#include "tasks/task_output.h"

#include "base/json_text.h"
#include "base/text.h"

namespace poltergeist::tasks {

namespace {

Json with_set(Json output, const std::map<std::string, std::string>& set) {
  for (const auto& [key, value] : set) output[key] = to_utf8(value);
  return output;
}

Result<Json> json_in(const std::string& text, std::string_view where) {
  if (trimmed(text).empty()) return fail(Errc::Invalid, "{} is empty, and should be JSON", where);
  auto value = json_of(text);
  if (!value) {
    constexpr std::size_t kShown = 60;
    return fail(Errc::Invalid, "{} is no JSON that can be read; it begins with: {}", where,
                for_terminal(std::string(trimmed(text).substr(0, kShown))));
  }
  if (value->is_object()) return std::move(*value);
  return Json{{"result", std::move(*value)}};
}

Result<Json> json_printed(const Leavings& leavings) {
  if (leavings.output_truncated) {
    return fail(Errc::Invalid,
                "the standard output is longer than logging.maxOutputSizeKb, so it cannot be read "
                "as JSON; outputFormat file has no such limit");
  }
  return json_in(leavings.standard_output, "the standard output");
}

Result<Json> json_written(const config::Task& task, const Leavings& leavings) {
  if (!leavings.file) return fail(Errc::Invalid, "{} was not read", task.output_file);
  if (!*leavings.file) return fail(Errc::Invalid, "{}", leavings.file->error().message);
  return json_in(**leavings.file, task.output_file);
}

std::string without_last_newline(const std::string& text) {
  return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

Result<Json> output_of(const config::Task& task, const Leavings& leavings) {
  Result<Json> output = Json::object();
  switch (task.output_format) {
    case config::OutputFormat::Stdout:
      output = Json{{"result", without_last_newline(leavings.standard_output)}};
      break;
    case config::OutputFormat::JsonStdout:
      output = json_printed(leavings);
      break;
    case config::OutputFormat::File:
      output = json_written(task, leavings);
      break;
    case config::OutputFormat::ExitCodeOnly:
      output = Json{{"success", true}};
      break;
  }
  if (!output) return output;
  return with_set(std::move(*output), leavings.set);
}

Json output_of_failure(const config::Task& task, const std::map<std::string, std::string>& set) {
  Json output = Json::object();
  if (task.output_format == config::OutputFormat::ExitCodeOnly) output["success"] = false;
  return with_set(std::move(output), set);
}

}  // namespace poltergeist::tasks
