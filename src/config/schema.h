// SPDX-License-Identifier: MIT
// The table of keys (config/keys.h) for editors and for people.
#pragma once

#include <string>

namespace poltergeist::config {

// A JSON Schema (draft-07) that accepts what load_project accepts as far as a schema can tell; it
// does not know that dependencies exist or that globs parse. 2-space indent, final newline.
[[nodiscard]] std::string json_schema();

// docs/configuration.md: every key with its type, default, range and meaning.
[[nodiscard]] std::string configuration_markdown();

}  // namespace poltergeist::config
