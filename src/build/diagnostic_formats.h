// SPDX-License-Identifier: MIT
// Diagnostics for others: editors (quickfix), state files and programs (JSON), code hosts (SARIF).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "build/diagnostics.h"

namespace poltergeist::build {

// "src/a.cpp:3:5: error: expected ';' [-Wx]": what gcc writes, which every editor reads.
[[nodiscard]] std::string to_quickfix(const Diagnostic& diagnostic);

// {file?, line?, column?, severity, code?, message}, as in the state file.
[[nodiscard]] nlohmann::ordered_json to_json(const Diagnostic& diagnostic);
[[nodiscard]] Result<Diagnostic> diagnostic_from_json(const nlohmann::json& json);

// A SARIF 2.1.0 log of one run. Files below `root` are given relative to it.
[[nodiscard]] nlohmann::ordered_json to_sarif(const std::vector<Diagnostic>& diagnostics,
                                              const std::filesystem::path& root,
                                              std::string_view tool_version);

}  // namespace poltergeist::build
