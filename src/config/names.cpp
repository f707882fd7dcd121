// SPDX-License-Identifier: MIT
#include "config/names.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace poltergeist::config {

namespace {

constexpr std::string_view kLettersAndDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

}  // namespace

bool is_safe_name(std::string_view name, Blank blank) {
  const auto allowed = [&](char c) {
    return kLettersAndDigits.find(c) != std::string_view::npos || c == '.' || c == '_' ||
           c == '-' || (c == ' ' && blank == Blank::Allowed);
  };
  return !name.empty() && name.size() <= kLongestName &&
         kLettersAndDigits.find(name.front()) != std::string_view::npos && name.back() != ' ' &&
         std::ranges::all_of(name, allowed) && name.find("..") == std::string_view::npos;
}

void check_name(std::string_view what, const PlacedName& name, Reading& reading) {
  if (name.name.empty()) return;
  if (!is_safe_name(name.name, Blank::Allowed)) {
    return reading.problem(name.place,
                           "{} cannot be the name of a {}: letters, digits, '.', '_', '-' and "
                           "blanks, at most {}, the first a letter or a digit, without \"..\"",
                           in_quotes(name.name), what, kLongestName);
  }
  if (normalised_name(name.name) == "daemon") {
    reading.problem(name.place, "{} is the name of the daemon's own files: choose another",
                    in_quotes(name.name));
  }
}

void check_distinct(std::string_view what, const std::vector<PlacedName>& names, Reading& reading) {
  std::map<std::string, const PlacedName*> taken;
  for (const auto& name : names) {
    if (name.name.empty()) continue;
    const auto [other, fresh] = taken.emplace(normalised_name(name.name), &name);
    if (fresh) continue;
    const auto line = other->second->place.line;
    if (other->second->name == name.name) {
      reading.problem(name.place, "there is a {} {} already, in line {}", what,
                      in_quotes(name.name), line);
    } else {
      reading.problem(
          name.place,
          "{} is the same name as {} in line {}: case, '.', '_', '-' and blanks make no "
          "difference",
          in_quotes(name.name), in_quotes(other->second->name), line);
    }
  }
}

}  // namespace poltergeist::config
