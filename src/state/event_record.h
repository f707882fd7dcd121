// SPDX-License-Identifier: MIT
// An event as it is kept and told: {scope, seq, type, data, createdAt} (docs/state-format.md).
#pragma once

#include <cstdint>
#include <string>

#include "state/event.h"

namespace poltergeist::state {

struct EventRecord {
  std::uint64_t position = 0;  // among the events of all scopes; told to nobody
  std::string scope;
  std::uint64_t seq = 0;
  std::string type;
  std::string data;        // a JSON object
  std::string created_at;  // ISO 8601

  friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

[[nodiscard]] EventRecord record_of(const Event& event);
// As one JSON object, without an end of line.
[[nodiscard]] std::string to_json_text(const EventRecord& record);

}  // namespace poltergeist::state
