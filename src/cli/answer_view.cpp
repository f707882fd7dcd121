// SPDX-License-Identifier: MIT
#include "cli/answer_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "build/diagnostic_formats.h"

namespace poltergeist::cli {

namespace {

constexpr std::size_t kMostErrors = 5;
constexpr std::size_t kMostLines = 5;

Paint paint_for(api::Answer answer) {
  switch (answer) {
    case api::Answer::Fresh:
      return Paint::Good;
    case api::Answer::Failed:
    case api::Answer::Blocked:
      return Paint::Bad;
    case api::Answer::Stale:
    case api::Answer::Unknown:
      return Paint::Busy;
  }
  return Paint::Busy;
}

std::string_view status_for(api::Answer answer) {
  if (answer == api::Answer::Fresh) return "success";
  if (answer == api::Answer::Failed) return "failure";
  return name_in(api::kAnswers, answer);
}

std::vector<std::string> errors_of(const api::TargetAnswer& answer) {
  std::vector<std::string> errors;
  for (const auto& json : answer.diagnostics) {
    const auto diagnostic = build::diagnostic_from_json(json);
    if (!diagnostic || diagnostic->severity != build::Severity::Error) continue;
    if (errors.size() == kMostErrors) break;
    errors.push_back(for_terminal(build::to_quickfix(*diagnostic)));
  }
  return errors;
}

}  // namespace

ExitCode exit_code_for(const api::TargetAnswer& answer) {
  switch (answer.answer) {
    case api::Answer::Fresh:
      return ExitCode::Yes;
    case api::Answer::Failed:
      return answer.attempts > 1 ? ExitCode::RetriesSpent : ExitCode::No;
    case api::Answer::Blocked:
    case api::Answer::Stale:
      return ExitCode::No;
    case api::Answer::Unknown:
      return ExitCode::CannotAnswer;
  }
  return ExitCode::CannotAnswer;
}

ExitCode exit_code_for(const std::vector<api::TargetAnswer>& answers) {
  auto all = ExitCode::Yes;
  for (const auto& answer : answers) {
    const auto code = exit_code_for(answer);
    if (code == ExitCode::No || code == ExitCode::RetriesSpent) return code;
    if (code != ExitCode::Yes) all = code;
  }
  return all;
}

std::string answer_line(const api::TargetAnswer& answer, const Style& style) {
  const auto word = std::string(name_in(api::kAnswers, answer.answer));
  auto line = for_terminal(answer.target) + ": " + style.paint(paint_for(answer.answer), word);
  if (answer.answer == api::Answer::Fresh && !answer.finished_at.empty()) {
    return line + ", built in " + format_duration(answer.duration);
  }
  if (answer.answer == api::Answer::Failed) line += " after " + format_duration(answer.duration);
  const auto& why = answer.reason.empty() ? answer.error_summary : answer.reason;
  return why.empty() ? line : line + ": " + for_terminal(why);
}

std::string failure_text(const api::TargetAnswer& answer, const std::string& hint) {
  if (answer.answer != api::Answer::Failed) return {};
  auto lines = errors_of(answer);
  if (lines.empty()) {
    const auto count = std::min(answer.last_output.size(), kMostLines);
    for (auto i = answer.last_output.size() - count; i < answer.last_output.size(); ++i) {
      lines.push_back(for_terminal(answer.last_output[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) text += "  " + line + '\n';
  if (!answer.log_file.empty()) text += "  the whole log: " + for_terminal(answer.log_file) + '\n';
  if (!hint.empty()) text += "  " + hint + '\n';
  return text;
}

nlohmann::ordered_json answer_json(const api::TargetAnswer& answer) {
  const nlohmann::json wire = api::to_json(answer);
  nlohmann::ordered_json json = {{"target", answer.target}, {"status", status_for(answer.answer)}};
  for (const auto& [key, value] : wire.items()) json[key] = value;
  return json;
}

}  // namespace poltergeist::cli
