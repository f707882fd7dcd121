// SPDX-License-Identifier: MIT
// Whether one value is what its key allows.
#pragma once

#include <optional>
#include <string>

#include "config/keys.h"
#include "config/located_json.h"
#include "config/reading.h"

namespace poltergeist::config {

// Reports what is wrong with the value, or with an entry of it, at its place; true if nothing is.
// The inside of sections is not looked at.
bool check_value(const Key& key, const Json& json, Reading& reading);

// What a key wants, as in "must be …": "text", "a whole number from 1 to 10".
[[nodiscard]] std::string wanted_by(const Key& key);

// The number of a `restartSignal`, if it is one.
[[nodiscard]] std::optional<int> signal_of(const Json& json);

}  // namespace poltergeist::config
