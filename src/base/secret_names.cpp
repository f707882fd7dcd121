// SPDX-License-Identifier: MIT
#include "base/secret_names.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace poltergeist {

bool is_secret_name(std::string_view variable) {
  constexpr std::array<std::string_view, 5> kEndings = {"_key", "_secret", "_token", "_password",
                                                        "_credential"};
  const auto name = lower_case(variable);
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace poltergeist
