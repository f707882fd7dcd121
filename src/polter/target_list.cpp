// SPDX-License-Identifier: MIT
#include "polter/target_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/client.h"
#include "polter/configured.h"

namespace poltergeist::polter {

namespace {

constexpr Milliseconds kPatience{2000};

struct Mark {
  std::string_view sign;
  std::string_view word;
};

Mark mark_for(std::optional<api::Answer> answer) {
  if (!answer) return {"○", "no daemon"};
  switch (*answer) {
    case api::Answer::Fresh:
      return {"✓", "fresh"};
    case api::Answer::Failed:
      return {"✗", "failed"};
    case api::Answer::Blocked:
      return {"✗", "blocked"};
    case api::Answer::Stale:
      return {"⟳", "not fresh"};
    case api::Answer::Unknown:
      break;
  }
  return {"?", "unknown"};
}

Result<std::vector<ListedTarget>> answered_targets(const Location& location) {
  auto client = api::Client::connect(location.socket, kPatience);
  if (!client) return fail(client.error());
  const auto answer =
      client->call(api::method::kWait, api::to_json(api::WaitParams{.no_build = true}), kPatience);
  if (!answer) return fail(answer.error());
  const auto result = api::from_json<api::WaitResult>(*answer);
  if (!result) return fail(result.error());
  std::vector<ListedTarget> listed;
  for (const auto& target : result->targets) {
    if (!target.output_path.empty())
      listed.push_back({target.target, target.answer, target.reason});
  }
  return listed;
}

Result<std::vector<ListedTarget>> configured_targets(const Location& location) {
  const auto project = configured_project(location);
  if (!project) return fail(project.error());
  std::vector<ListedTarget> listed;
  for (const auto& target : project->targets) {
    if (!target.output_path.empty()) listed.push_back({target.name.value(), {}, {}});
  }
  return listed;
}

}  // namespace

Result<std::vector<ListedTarget>> runnable_targets(const Location& location) {
  auto answered = answered_targets(location);
  return answered ? answered : configured_targets(location);
}

std::string list_text(const std::vector<ListedTarget>& targets, TextStyle style) {
  if (targets.empty()) return "This project has no target with an output path to run.\n";
  std::size_t widest = 0;
  for (const auto& target : targets) widest = std::max(widest, target.name.size());
  std::string text = "Targets:\n";
  for (const auto& target : targets) {
    const Mark mark = mark_for(target.answer);
    text += fmt::format("  {}{:<{}}  {}", style.ornate() ? fmt::format("{} ", mark.sign) : "",
                        target.name, widest, mark.word);
    if (!target.reason.empty()) text += fmt::format(" ({})", target.reason);
    text += '\n';
  }
  return text;
}

}  // namespace poltergeist::polter
