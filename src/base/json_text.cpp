// SPDX-License-Identifier: MIT
#include "base/json_text.h"

#include <nlohmann/json.hpp>

namespace poltergeist {

std::optional<nlohmann::json> json_of(std::string_view text) {
  bool too_deep = false;
  const nlohmann::json::parser_callback_t guard = [&](int depth, nlohmann::json::parse_event_t,
                                                      nlohmann::json&) {
    too_deep = too_deep || depth > kDeepestJson;
    return !too_deep;
  };
  auto value = nlohmann::json::parse(text, guard, /*allow_exceptions=*/false);
  if (value.is_discarded() || too_deep) return std::nullopt;
  return value;
}

}  // namespace poltergeist
