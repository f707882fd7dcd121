// SPDX-License-Identifier: MIT
#include "state/timing_figures.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace poltergeist::state {

namespace {

constexpr auto kSteps = std::to_array<std::pair<Stage, Stage>>({
    {Stage::Event, Stage::WindowClosed},
    {Stage::WindowClosed, Stage::Queued},
    {Stage::Queued, Stage::Spawned},
    {Stage::Spawned, Stage::Ended},
    {Stage::Ended, Stage::RunnerSignalled},
    {Stage::RunnerSignalled, Stage::RunnerUp},
    {Stage::Event, Stage::Spawned},
    {Stage::Event, Stage::Ended},
    {Stage::Event, Stage::RunnerUp},
});

// `values` are in order, and not empty.
Microseconds percentile(const std::vector<Microseconds>& values, std::size_t percent) {
  const auto rank = (values.size() * percent + 99) / 100;
  return values.at(std::max<std::size_t>(rank, 1) - 1);
}

double milliseconds(Microseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

}  // namespace

TimingFigures figures_of(const std::vector<Timing>& builds) {
  TimingFigures figures{.builds = builds.size(), .steps = {}};
  for (const auto& [from, to] : kSteps) {
    std::vector<Microseconds> values;
    for (const auto& build : builds) {
      if (const auto took = build.between(from, to)) values.push_back(*took);
    }
    if (values.empty()) continue;
    std::sort(values.begin(), values.end());
    figures.steps.push_back({.from = from,
                             .to = to,
                             .builds = values.size(),
                             .p50 = percentile(values, 50),
                             .p99 = percentile(values, 99)});
  }
  return figures;
}

nlohmann::json to_json(const TimingFigures& figures) {
  auto steps = nlohmann::json::array();
  for (const auto& step : figures.steps) {
    steps.push_back({{"from", name_in(kStages, step.from)},
                     {"to", name_in(kStages, step.to)},
                     {"builds", step.builds},
                     {"p50", milliseconds(step.p50)},
                     {"p99", milliseconds(step.p99)}});
  }
  return {{"builds", figures.builds}, {"steps", std::move(steps)}};
}

}  // namespace poltergeist::state
