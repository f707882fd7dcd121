// SPDX-License-Identifier: MIT
#include "build/hook_result.h"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/text.h"

namespace poltergeist::build {

using nlohmann::json;

namespace {

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> lines_in(const json& array) {
  std::vector<std::string> lines;
  for (const auto& entry : array) {
    const auto text = text_of(entry);
    for (const auto line : lines_of(text)) lines.push_back(for_terminal(line));
  }
  return lines;
}

std::optional<bool> success_in(const json& status) {
  if (status.is_boolean()) return status.get<bool>();
  if (!status.is_string()) return std::nullopt;
  const auto word = lower_case(status.get<std::string>());
  for (const auto* yes : {"success", "succeeded", "passed", "pass", "ok"}) {
    if (word == yes) return true;
  }
  for (const auto* no : {"failure", "failed", "fail", "error"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

// Only arrays and objects are results: a number or a word on the last line is just output.
std::optional<HookReport> report_of(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('{') && !text.starts_with('[')) return std::nullopt;
  const auto parsed = json_of(text);
  if (!parsed) return std::nullopt;
  const auto& object = *parsed;
  HookReport report;
  if (object.is_array()) {
    report.lines = lines_in(object);
    return report;
  }
  if (const auto summary = object.find("summary");
      summary != object.end() && summary->is_string()) {
    const auto given = text_of(*summary);
    const auto lines = lines_of(given);
    report.summary = lines.empty() ? std::string() : for_terminal(lines.front());
  }
  if (const auto lines = object.find("lines"); lines != object.end()) {
    report.lines = lines_in(lines->is_array() ? *lines : json::array({*lines}));
  }
  if (const auto status = object.find("status"); status != object.end()) {
    report.success = success_in(*status);
  }
  if (!report.summary && report.lines.empty() && !report.success) return std::nullopt;
  return report;
}

std::string_view last_line_of(std::string_view text) {
  const auto lines = lines_of(text);
  const auto last = std::find_if(lines.rbegin(), lines.rend(),
                                 [](std::string_view line) { return !trimmed(line).empty(); });
  return last == lines.rend() ? std::string_view() : trimmed(*last);
}

std::vector<std::string> tail_of(std::string_view text, std::size_t count) {
  std::vector<std::string> tail;
  const auto lines = lines_of(text);
  for (auto line = lines.rbegin(); line != lines.rend() && tail.size() < count; ++line) {
    auto shown = for_terminal(*line);
    if (!trimmed(shown).empty()) tail.push_back(std::move(shown));
  }
  std::reverse(tail.begin(), tail.end());
  return tail;
}

std::string default_summary(const HookOutput& output, bool success) {
  if (output.timed_out) return fmt::format("{}: failed (timed out)", output.name);
  return fmt::format("{}: {} (exit {})", output.name, success ? "passed" : "failed",
                     output.exit_code);
}

}  // namespace

std::optional<HookReport> hook_report_in(std::string_view output) {
  auto last = last_line_of(output);
  if (last.starts_with(kHookResultMark)) {
    last.remove_prefix(kHookResultMark.size());
    return report_of(last);
  }
  if (auto report = report_of(last)) return report;
  return report_of(output);
}

HookResult hook_result(const HookOutput& output, int max_lines) {
  const auto most = static_cast<std::size_t>(std::max(0, max_lines));
  auto report = hook_report_in(output.standard_output);
  if (!report && output.formatted) report = hook_report_in(*output.formatted);

  HookResult result{.success = output.exit_code == 0 && !output.timed_out};
  if (!report) {
    result.summary = default_summary(output, result.success);
    // What went wrong is more often on stderr.
    const bool has_errors = !result.success && !trimmed(output.standard_error).empty();
    result.lines = tail_of(has_errors ? output.standard_error : output.standard_output, most);
    return result;
  }
  // A hook may call its own exit code a failure, but not a failure a success.
  if (report->success) result.success = result.success && *report->success;
  result.summary = report->summary.value_or(default_summary(output, result.success));
  result.lines = std::move(report->lines);
  if (result.lines.size() > most) result.lines.resize(most);
  return result;
}

}  // namespace poltergeist::build
