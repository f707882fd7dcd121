// SPDX-License-Identifier: MIT
// Asks programs for their versions, all at once and each for a moment only: one that hangs, floods
// or leaves something behind is killed with all of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace poltergeist::cli::doctor {

struct ToolFacts {
  enum class Answer {
    Version,   // `text` is the first line that it said
    Nothing,   // it knows no such option, or said nothing
    Silent,    // it did not answer in time
    Unusable,  // it could not be started; `text` says why
    Missing    // it is not there
  };
  std::string name;
  std::filesystem::path file;  // empty: it is not there
  std::string used_by;         // a target; empty: ourselves
  Answer answer = Answer::Missing;
  std::string text;

  friend bool operator==(const ToolFacts&, const ToolFacts&) = default;
};

inline constexpr Milliseconds kToolPatience{2000};

// Fills in what each answers; those that are not there are left alone. They run in `cwd`, which may
// decide about the version (rustup, asdf).
[[nodiscard]] Result<std::vector<ToolFacts>> with_versions(std::vector<ToolFacts> tools,
                                                           const std::filesystem::path& cwd,
                                                           Milliseconds patience = kToolPatience);

}  // namespace poltergeist::cli::doctor
