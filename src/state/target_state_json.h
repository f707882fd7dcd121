// SPDX-License-Identifier: MIT
// The state file's text (docs/state-format.md). Writing never fails: bytes that are not UTF-8
// become U+FFFD. Reading trusts nothing: what has the wrong type is absent, and only what has no
// project or target is no state file.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "state/target_state.h"

namespace poltergeist::state {

inline constexpr std::string_view kStateVersion = "1.0";

// The whole record, for `status --json` and for the socket.
[[nodiscard]] nlohmann::json to_json(const TargetState& state);
// The text of the file: the same keys in the order of the specification, two spaces of indent.
[[nodiscard]] std::string state_text(const TargetState& state);

// Parts of it that events and answers use as well.
[[nodiscard]] nlohmann::json to_json(const LastBuild& build);
[[nodiscard]] nlohmann::json to_json(const Diagnostic& diagnostic);
[[nodiscard]] nlohmann::json to_json(const Progress& progress);
[[nodiscard]] nlohmann::json to_json(const HookResult& hook);
[[nodiscard]] nlohmann::json to_json(const RunnerState& runner);
[[nodiscard]] nlohmann::json to_json(const WatchState& watch);
[[nodiscard]] nlohmann::json to_json(const Freshness& freshness);

// Errc::Invalid for text that is torn or no state file, Errc::Unavailable for one of a newer
// version.
[[nodiscard]] Result<TargetState> parse_state(std::string_view text);
// The same from a file; Errc::NotFound if there is none.
[[nodiscard]] Result<TargetState> load_state(const std::filesystem::path& file);

}  // namespace poltergeist::state
