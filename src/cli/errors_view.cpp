// SPDX-License-Identifier: MIT
#include "cli/errors_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "build/diagnostic_formats.h"
#include "cli/json_view.h"

namespace poltergeist::cli {

namespace {

std::vector<build::Diagnostic> diagnostics_of(const nlohmann::json& target) {
  std::vector<build::Diagnostic> all;
  const auto build = target.find("lastBuild");
  if (build == target.end() || !build->is_object()) return all;
  const auto list = build->find("diagnostics");
  if (list == build->end() || !list->is_array()) return all;
  for (const auto& json : *list) {
    if (auto diagnostic = build::diagnostic_from_json(json)) all.push_back(std::move(*diagnostic));
  }
  return all;
}

// A failure without a diagnostic, as one: programs that read SARIF must not take it for success.
build::Diagnostic summary_of(const TargetErrors& target) {
  return {.message = target.target + ": " +
                     (target.summary.empty() ? std::string("the build failed") : target.summary)};
}

std::vector<build::Diagnostic> all_diagnostics(const std::vector<TargetErrors>& all) {
  std::vector<build::Diagnostic> diagnostics;
  for (const auto& target : all) {
    diagnostics.insert(diagnostics.end(), target.diagnostics.begin(), target.diagnostics.end());
    if (target.failed && target.diagnostics.empty()) diagnostics.push_back(summary_of(target));
  }
  return diagnostics;
}

}  // namespace

std::vector<TargetErrors> errors_in(const nlohmann::json& targets) {
  std::vector<TargetErrors> all;
  if (!targets.is_object()) return all;
  for (const auto& [name, target] : targets.items()) {
    if (!target.is_object()) continue;
    const auto build = JsonView(target)["lastBuild"];
    all.push_back({.target = name,
                   .failed = build["status"].text() == "failure",
                   .summary = build["errorSummary"].text(),
                   .diagnostics = diagnostics_of(target)});
  }
  return all;
}

bool any_error(const std::vector<TargetErrors>& all) {
  return std::ranges::any_of(all, [](const TargetErrors& target) {
    return target.failed ||
           std::ranges::any_of(target.diagnostics, [](const build::Diagnostic& diagnostic) {
             return diagnostic.severity == build::Severity::Error;
           });
  });
}

std::string errors_text(const std::vector<TargetErrors>& all) {
  std::string text;
  for (const auto& diagnostic : all_diagnostics(all)) {
    text +=
        for_terminal(diagnostic.file.empty() && diagnostic.line == 0
                         ? fmt::format("{}: {}", name_in(build::kSeverities, diagnostic.severity),
                                       diagnostic.message)
                         : build::to_quickfix(diagnostic)) +
        '\n';
  }
  return text;
}

std::string errors_quickfix(const std::vector<TargetErrors>& all) {
  std::string text;
  for (const auto& target : all) {
    for (const auto& diagnostic : target.diagnostics) {
      if (diagnostic.file.empty()) continue;
      text += for_terminal(build::to_quickfix(diagnostic)) + '\n';
    }
  }
  return text;
}

nlohmann::ordered_json errors_json(const std::vector<TargetErrors>& all) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& target : all) {
    auto diagnostics = nlohmann::ordered_json::array();
    for (const auto& diagnostic : target.diagnostics) {
      diagnostics.push_back(build::to_json(diagnostic));
    }
    nlohmann::ordered_json entry = {{"target", target.target}, {"failed", target.failed}};
    if (!target.summary.empty()) entry["errorSummary"] = target.summary;
    entry["diagnostics"] = std::move(diagnostics);
    list.push_back(std::move(entry));
  }
  return {{"targets", std::move(list)}};
}

nlohmann::ordered_json errors_sarif(const std::vector<TargetErrors>& all,
                                    const std::filesystem::path& root, std::string_view version) {
  return build::to_sarif(all_diagnostics(all), root, version);
}

}  // namespace poltergeist::cli
