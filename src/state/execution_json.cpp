// SPDX-License-Identifier: MIT
#include "state/execution_json.h"

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "base/text.h"

namespace poltergeist::state {

namespace {

using nlohmann::json;

// With all of a result, a message of the socket stays under its limit, however much of it JSON has
// to escape.
constexpr std::size_t kBriefBytes = 32 << 10;

// The end of a stream, from a line on where there is one.
void shorten(json& result, const char* stream) {
  const auto found = result.find(stream);
  if (found == result.end() || !found->is_string()) return;
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() <= kBriefBytes) return;
  auto end = text.substr(text.size() - kBriefBytes);
  const auto line = end.find('\n');
  if (line != std::string::npos) end.erase(0, line + 1);
  *found = to_utf8(end);
  result["truncated"][stream] = true;
}

json brief(json result) {
  shorten(result, "stdout");
  shorten(result, "stderr");
  const auto output = result.find("output");
  if (output != result.end() && output->dump().size() > kBriefBytes) *output = nullptr;
  return result;
}

void put(json& object, const char* key, const std::optional<WallTime>& time) {
  if (time) object[key] = to_iso8601(*time);
}

}  // namespace

json to_json(const ExecutionEntry& entry, Detail detail) {
  json object = {{"id", entry.id.value()},
                 {"task", entry.task.value()},
                 {"queue", entry.queue},
                 {"status", name_in(kExecutionStatuses, entry.status)},
                 {"attempt", entry.attempt},
                 {"trigger", to_utf8(entry.trigger)},
                 {"queuedAt", to_iso8601(entry.queued_at)}};
  put(object, "startedAt", entry.started_at);
  put(object, "endedAt", entry.ended_at);
  put(object, "retryAt", entry.retry_at);
  if (entry.outcome) object["outcome"] = name_in(kExecutionOutcomes, *entry.outcome);
  if (entry.failure_kind) object["failureKind"] = name_in(kFailureKinds, *entry.failure_kind);
  if (detail == Detail::Line) return object;
  if (auto input = json_of(entry.input)) {
    const bool fits = detail == Detail::Whole || entry.input.size() <= kBriefBytes;
    object["input"] = fits ? std::move(*input) : json();
  }
  if (auto result = json_of(entry.result); result && result->is_object()) {
    object["result"] = detail == Detail::Whole ? std::move(*result) : brief(std::move(*result));
  }
  return object;
}

}  // namespace poltergeist::state
