// SPDX-License-Identifier: MIT
// The verbs of `poltergeist`: the only list of them. Help, dispatch, suggestions and the shells'
// completions are read from it.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "cli/arguments.h"

namespace poltergeist::cli {

enum class Group { Daemon, Project, Development, Tool };
inline constexpr auto kGroupTitles = std::to_array<EnumName<Group>>({
    {Group::Daemon, "Daemon control"},
    {Group::Project, "Project"},
    {Group::Development, "Development"},
    {Group::Tool, "This program"},
});

struct Verb {
  std::string_view name;
  std::string_view alias;  // may be empty
  Group group;
  std::string_view about;  // one line, no full stop
  // Declares its parameters, ends if `arguments.end()` says so, acts, and returns the exit code.
  int (*act)(Arguments& arguments);
  // All words behind the verb are its own affair, --help included; `act` is not used.
  int (*pass_through)(int argc, char** argv) = nullptr;
  std::string_view notes = {};  // below its --help
};

[[nodiscard]] std::span<const Verb> verbs();
[[nodiscard]] const Verb* verb_for(std::string_view name_or_alias);
[[nodiscard]] std::vector<std::string> verb_names();  // aliases included
[[nodiscard]] VerbHelp help_of(const Verb& verb);
// What the verb declares; nothing for one that passes through.
[[nodiscard]] std::vector<Parameter> parameters_of(const Verb& verb);

}  // namespace poltergeist::cli
