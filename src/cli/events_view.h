// SPDX-License-Identifier: MIT
// Events as `poltergeist events` prints them, one line each, and what is missing between them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace poltergeist::cli {

// "2026-01-31T12:00:00.000Z  target:app 17  build_ended  id=12 verdict=success"
[[nodiscard]] std::string event_text(const nlohmann::json& event);
// Its keys in the order of docs/state-format.md.
[[nodiscard]] nlohmann::ordered_json event_json(const nlohmann::json& event);

// Numbers have no gaps but those of events that are not kept.
class EventGaps {
 public:
  // What was read of a scope before.
  void begin(const std::string& scope, std::uint64_t seq) { last_[scope] = seq; }
  // A sentence about those that are missing before this one; empty if none is.
  [[nodiscard]] std::string before(const nlohmann::json& event);

 private:
  std::map<std::string, std::uint64_t> last_;
};

}  // namespace poltergeist::cli
