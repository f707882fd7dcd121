// SPDX-License-Identifier: MIT
// BSER, the binary encoding of Watchman's protocol: like JSON, but texts are bytes, so that any
// name of a file survives. Version 1. What comes from the other side may be anything.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace poltergeist::watch {

// A whole message. Texts in `value` may be any bytes.
[[nodiscard]] std::string encode_bser(const nlohmann::json& value);

// How long the message is that begins here; nothing while that cannot be told. Errc::Protocol if it
// is none, or longer than anybody has a use for.
[[nodiscard]] Result<std::optional<std::size_t>> bser_size(std::string_view begin);
// A whole message, exactly.
[[nodiscard]] Result<nlohmann::json> decode_bser(std::string_view message);

}  // namespace poltergeist::watch
