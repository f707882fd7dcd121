// SPDX-License-Identifier: MIT
#include "cli/events_view.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace poltergeist::cli {

using Json = nlohmann::json;

namespace {

std::string text_of(const Json& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? for_terminal(found->get<std::string>())
                                                    : std::string();
}

std::uint64_t seq_of(const Json& event) {
  const auto found = event.find("seq");
  return found != event.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

// A word stands as it is, everything else as JSON: `verdict=success reason="a.c changed"`.
std::string value_text(const Json& value) {
  const auto json = for_terminal(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!value.is_string()) return json;
  const auto& text = value.get_ref<const std::string&>();
  const bool is_word = !text.empty() && json.size() == text.size() + 2 &&
                       text.find_first_of(" =\"") == std::string::npos;
  return is_word ? for_terminal(text) : json;
}

}  // namespace

std::string event_text(const Json& event) {
  auto line = fmt::format("{}  {} {}  {}", text_of(event, "createdAt"), text_of(event, "scope"),
                          seq_of(event), text_of(event, "type"));
  const auto data = event.find("data");
  if (data == event.end() || !data->is_object()) return line;
  std::string separator = "  ";
  for (const auto& [key, value] : data->items()) {
    line += separator + for_terminal(key) + '=' + value_text(value);
    separator = " ";
  }
  return line;
}

nlohmann::ordered_json event_json(const Json& event) {
  static constexpr std::array kKeys = {"scope", "seq", "type", "data", "createdAt"};
  nlohmann::ordered_json ordered = nlohmann::ordered_json::object();
  for (const auto* key : kKeys) {
    if (const auto found = event.find(key); found != event.end()) ordered[key] = *found;
  }
  return ordered;
}

std::string EventGaps::before(const Json& event) {
  const auto scope = text_of(event, "scope");
  const auto seq = seq_of(event);
  const auto known = last_.find(scope);
  const auto last = known == last_.end() ? seq - 1 : known->second;
  last_[scope] = seq;
  if (seq <= last + 1) return {};
  if (seq == last + 2) return fmt::format("event {} of {} is not kept", last + 1, scope);
  return fmt::format("events {} to {} of {} are not kept", last + 1, seq - 1, scope);
}

}  // namespace poltergeist::cli
