// SPDX-License-Identifier: MIT
#include "cli/init/manifest.h"

#include <nlohmann/json.hpp>

namespace poltergeist::cli {

std::string string_at(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace poltergeist::cli
