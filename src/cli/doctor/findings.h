// SPDX-License-Identifier: MIT
// The judgement of `poltergeist doctor`: facts in, findings out, in the order in which they are
// shown. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "cli/doctor/facts.h"

namespace poltergeist::cli::doctor {

enum class Level {
  Ok,
  Note,     // worth knowing; nothing is wrong
  Warning,  // it works, worse than it could, or not for long
  Problem   // something does not work
};
inline constexpr auto kLevels = std::to_array<EnumName<Level>>({
    {Level::Ok, "ok"},
    {Level::Note, "note"},
    {Level::Warning, "warning"},
    {Level::Problem, "problem"},
});

enum class Section { Project, Watching, Limits, Daemon, State, Tools };
inline constexpr auto kSections = std::to_array<EnumName<Section>>({
    {Section::Project, "project"},
    {Section::Watching, "watching"},
    {Section::Limits, "limits"},
    {Section::Daemon, "daemon"},
    {Section::State, "state"},
    {Section::Tools, "tools"},
});

struct Finding {
  Section section = Section::Project;
  std::string name;  // the same one in every run; several findings may share it
  Level level = Level::Ok;
  std::string found;
  std::string advice;   // what to do, in words; empty only if all is well
  std::string command;  // that does it; empty where none does
  std::map<std::string, std::uint64_t> figures = {};

  friend bool operator==(const Finding&, const Finding&) = default;
};

[[nodiscard]] std::vector<Finding> findings_for(const Facts& facts);
[[nodiscard]] Level worst_of(const std::vector<Finding>& findings);

// By section, for findings_for().
[[nodiscard]] std::vector<Finding> project_findings(const Facts& facts);
[[nodiscard]] std::vector<Finding> watching_findings(const Facts& facts);
[[nodiscard]] std::vector<Finding> limit_findings(const Facts& facts);
[[nodiscard]] std::vector<Finding> daemon_findings(const Facts& facts);
[[nodiscard]] std::vector<Finding> state_findings(const Facts& facts);
[[nodiscard]] std::vector<Finding> tool_findings(const Facts& facts);

// "512 bytes", "4.5 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace poltergeist::cli::doctor
