// SPDX-License-Identifier: MIT
#include "cli/timing_view.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/timing.h"
#include "cli/json_view.h"
#include "cli/table.h"

namespace poltergeist::cli {

namespace {

constexpr auto kLabels = std::to_array<EnumName<Stage>>({
    {Stage::Event, "event"},
    {Stage::WindowClosed, "window closed"},
    {Stage::Queued, "queued"},
    {Stage::Spawned, "spawned"},
    {Stage::Ended, "ended"},
    {Stage::RunnerSignalled, "runner signalled"},
    {Stage::RunnerUp, "runner up"},
});

// A stage of a newer daemon goes by the name that it has there.
std::string label_for(const std::string& name) {
  const auto stage = value_in(kStages, name);
  return stage ? std::string(name_in(kLabels, *stage)) : name;
}

// Short ones to the microsecond: what lies between two stages is mostly far below a millisecond.
std::string figure_text(const nlohmann::json& step, const char* key) {
  const auto found = step.find(key);
  if (found == step.end() || !found->is_number()) return {};
  const auto milliseconds = found->get<double>();
  if (milliseconds < 10) return fmt::format("{:.3f}ms", milliseconds);
  if (milliseconds < 1000) return fmt::format("{:.1f}ms", milliseconds);
  return format_duration(Milliseconds(static_cast<Milliseconds::rep>(milliseconds)));
}

std::vector<Row> rows_for(const nlohmann::json& target) {
  std::vector<Row> rows;
  const auto steps = target.find("steps");
  if (steps == target.end() || !steps->is_array()) return rows;
  for (const auto& step : *steps) {
    const JsonView view(step);
    if (!step.is_object()) continue;
    rows.push_back(
        {{{fmt::format("{} to {}", label_for(view["from"].text()), label_for(view["to"].text())),
           std::nullopt},
          {figure_text(step, "p50"), std::nullopt},
          {figure_text(step, "p99"), std::nullopt},
          {fmt::format("{}", view["builds"].number().value_or(0)), std::nullopt}},
         {}});
  }
  return rows;
}

std::string title_of(const std::string& name, const nlohmann::json& target) {
  const auto builds = JsonView(target)["builds"].number().value_or(0);
  if (builds == 0) return fmt::format("{}: no builds yet\n", for_terminal(name));
  return fmt::format("{}: the last {}\n", for_terminal(name),
                     builds == 1 ? std::string("build") : fmt::format("{} builds", builds));
}

}  // namespace

std::string timing_text(const nlohmann::json& targets, const Style& style) {
  std::string text;
  if (!targets.is_object()) return text;
  for (const auto& [name, target] : targets.items()) {
    if (!text.empty()) text += '\n';
    text += title_of(name, target);
    const auto rows = rows_for(target);
    if (!rows.empty()) text += table_text({"STEP", "P50", "P99", "BUILDS"}, rows, style);
  }
  return text;
}

}  // namespace poltergeist::cli
