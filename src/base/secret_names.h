// SPDX-License-Identifier: MIT
// Which variables hold secrets: told by their names, for nobody can tell by the values.
#pragma once

#include <string_view>

namespace poltergeist {

// What stands in the place of a secret's value, wherever it would be seen.
inline constexpr std::string_view kRedacted = "[REDACTED]";

// *_KEY, *_SECRET, *_TOKEN, *_PASSWORD, *_CREDENTIAL, in any case.
[[nodiscard]] bool is_secret_name(std::string_view variable);

}  // namespace poltergeist
