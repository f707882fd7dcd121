// SPDX-License-Identifier: MIT
#include "build/broken_promise.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "build/diagnostic_formats.h"
#include "build/diagnostics.h"
#include "build/hook_result.h"
#include "build/progress.h"

namespace poltergeist::test {

using namespace poltergeist::build;

namespace {

bool is_one_safe_line(const std::string& text) {
  return text == to_utf8(text) && text == for_terminal(text) &&
         text.find('\n') == std::string::npos;
}

std::string broken_by(const Diagnostic& diagnostic) {
  if (diagnostic.message.empty()) return "a diagnostic without a message";
  for (const auto* text : {&diagnostic.file, &diagnostic.message, &diagnostic.code}) {
    if (!is_one_safe_line(*text)) return "a diagnostic that is not one line of text: " + *text;
    if (text->size() > 16 * 1024) return "a diagnostic without end";
  }
  if (diagnostic.line < 0 || diagnostic.column < 0) return "a place before the beginning";
  const auto json = nlohmann::json::parse(to_json(diagnostic).dump());
  if (diagnostic_from_json(json) != diagnostic) return "JSON that reads back as something else";
  return {};
}

std::string broken_by_diagnostics(std::string_view output) {
  DiagnosticScanner scanner;
  for (const auto line : lines_of(output)) scanner.feed(line);
  scanner.finish();
  const auto found = scanner.diagnostics();
  if (found.size() > kMostDiagnostics) return "too many diagnostics";
  const auto severity_order = [](const Diagnostic& a, const Diagnostic& b) {
    return a.severity < b.severity;
  };
  if (!std::is_sorted(found.begin(), found.end(), severity_order)) return "errors are not first";
  for (const auto& diagnostic : found) {
    if (auto broken = broken_by(diagnostic); !broken.empty()) return broken;
  }
  static_cast<void>(to_sarif(found, "/p", "1").dump());
  return is_one_safe_line(error_summary(found, {std::string(output)}, "ended"))
             ? ""
             : "a summary that is not one line of text";
}

std::string broken_by_progress(std::string_view output) {
  ProgressScanner scanner;
  for (const auto line : lines_of(output)) {
    const auto progress = scanner.feed(line);
    if (!progress) continue;
    if (progress->percent < 0 || progress->percent > 100) return "an impossible percentage";
    if (progress->current < 0 || progress->total < 0) return "a negative count";
    if (progress->total > 0 && progress->current > progress->total) return "more than all";
    if (progress->label != to_utf8(progress->label)) return "a label that is no text";
  }
  return {};
}

std::string broken_by_hook(std::string_view output) {
  const auto result = hook_result(
      {.name = "hook", .standard_output = std::string(output), .standard_error = "e"}, 5);
  if (result.lines.size() > 5) return "too many lines of a hook";
  if (!is_one_safe_line(result.summary)) return "a hook's summary that is not one line of text";
  for (const auto& line : result.lines) {
    if (!is_one_safe_line(line)) return "a hook's line that is not one line of text";
  }
  return {};
}

}  // namespace

std::string broken_by_output(std::string_view output) {
  for (auto* breaks : {&broken_by_diagnostics, &broken_by_progress, &broken_by_hook}) {
    if (auto broken = breaks(output); !broken.empty()) return broken;
  }
  return {};
}

}  // namespace poltergeist::test
