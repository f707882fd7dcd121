// SPDX-License-Identifier: MIT
#include "base/secret_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace poltergeist {

bool is_secret_name(std::string_view variable) {
  constexpr std::array<std::string_view, 5> kEndings = {"_key", "_secret", "_token", "_password",
                                                        "_credential"};
  const auto is_at_end = [&](std::string_view ending) {
    return variable.size() >= ending.size() &&
           std::equal(ending.begin(), ending.end(), variable.end() - ending.size(),
                      [](char wanted, unsigned char is) { return wanted == std::tolower(is); });
  };
  return std::ranges::any_of(kEndings, is_at_end);
}

}  // namespace poltergeist
