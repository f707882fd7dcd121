// SPDX-License-Identifier: MIT
#include "state/event_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace poltergeist::state {

namespace {

// Outputs of tasks are somebody else's text.
std::string dumped(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

EventRecord record_of(const Event& event) {
  auto [type, data] = told(event.body);
  return {.scope = event.scope,
          .seq = event.seq,
          .type = std::string(type),
          .data = dumped(data),
          .created_at = to_iso8601(event.created_at)};
}

std::string to_json_text(const EventRecord& record) {
  return fmt::format(R"({{"scope":{},"seq":{},"type":"{}","data":{},"createdAt":"{}"}})",
                     dumped(record.scope), record.seq, record.type, record.data, record.created_at);
}

}  // namespace poltergeist::state
