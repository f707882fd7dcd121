// SPDX-License-Identifier: MIT
// Looks into JSON that somebody else made, for showing it: what is missing or of another type is
// empty, and text comes out fit for a terminal. Refers to the value that it was made from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace poltergeist::cli {

class JsonView {
 public:
  explicit JsonView(const nlohmann::json& json) : json_(&json) {}

  [[nodiscard]] JsonView operator[](const char* key) const {
    if (json_ == nullptr || !json_->is_object()) return JsonView(nullptr);
    const auto found = json_->find(key);
    return JsonView(found == json_->end() ? nullptr : &*found);
  }
  [[nodiscard]] std::string text() const {
    return json_ != nullptr && json_->is_string()
               ? for_terminal(json_->get_ref<const std::string&>())
               : std::string();
  }
  [[nodiscard]] std::optional<std::int64_t> number() const {
    if (json_ == nullptr || !json_->is_number()) return std::nullopt;
    return json_->is_number_float() ? static_cast<std::int64_t>(json_->get<double>())
                                    : json_->get<std::int64_t>();
  }
  // Absent, or no truth value: nothing.
  [[nodiscard]] std::optional<bool> flag() const {
    if (json_ == nullptr || !json_->is_boolean()) return std::nullopt;
    return json_->get<bool>();
  }
  [[nodiscard]] std::vector<JsonView> items() const {
    std::vector<JsonView> views;
    if (json_ != nullptr && json_->is_array()) {
      for (const auto& item : *json_) views.emplace_back(JsonView(item));
    }
    return views;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& item : items()) all.push_back(item.text());
    return all;
  }
  // Of an object, those of its members that are text.
  [[nodiscard]] std::map<std::string, std::string> texts_by_name() const {
    std::map<std::string, std::string> all;
    if (json_ == nullptr || !json_->is_object()) return all;
    for (const auto& [name, value] : json_->items()) {
      if (value.is_string()) all.emplace(name, JsonView(value).text());
    }
    return all;
  }
  [[nodiscard]] bool is_there() const { return json_ != nullptr && !json_->is_null(); }

 private:
  explicit JsonView(const nlohmann::json* json) : json_(json) {}
  const nlohmann::json* json_;
};

}  // namespace poltergeist::cli
