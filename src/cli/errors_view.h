// SPDX-License-Identifier: MIT
// What is wrong with the last builds, in the forms of `poltergeist errors`. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "build/diagnostics.h"

namespace poltergeist::cli {

struct TargetErrors {
  std::string target;
  bool failed = false;
  std::string summary;  // of a failure
  std::vector<build::Diagnostic> diagnostics;
};

// From the `targets` of a status document (docs/protocol.md).
[[nodiscard]] std::vector<TargetErrors> errors_in(const nlohmann::json& targets);

// A build failed, or something says error.
[[nodiscard]] bool any_error(const std::vector<TargetErrors>& all);

// One line per diagnostic, "src/main.c:3:5: error: …"; a failure that left none says its summary.
[[nodiscard]] std::string errors_text(const std::vector<TargetErrors>& all);
// The same, and nothing but lines that an editor's errorformat takes.
[[nodiscard]] std::string errors_quickfix(const std::vector<TargetErrors>& all);
[[nodiscard]] nlohmann::ordered_json errors_json(const std::vector<TargetErrors>& all);
[[nodiscard]] nlohmann::ordered_json errors_sarif(const std::vector<TargetErrors>& all,
                                                  const std::filesystem::path& root,
                                                  std::string_view version);

}  // namespace poltergeist::cli
