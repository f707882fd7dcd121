// SPDX-License-Identifier: MIT
// What nobody wants to be built for: editors' temporary files, version control, and what the tools
// of an ecosystem produce. Lines of an ignore file (watch/ignore.h).
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/enum_names.h"

namespace poltergeist::watch {

// The names are those of the configuration's `projectType`.
enum class Ecosystem { Swift, Node, Rust, Python, CMake, Mixed };
inline constexpr auto kEcosystems = std::to_array<EnumName<Ecosystem>>({
    {Ecosystem::Swift, "swift"},
    {Ecosystem::Node, "node"},
    {Ecosystem::Rust, "rust"},
    {Ecosystem::Python, "python"},
    {Ecosystem::CMake, "cmake"},
    {Ecosystem::Mixed, "mixed"},
});

// The universal ones, then the ecosystem's; for Mixed those of all.
[[nodiscard]] std::vector<std::string> default_exclusions_for(Ecosystem ecosystem);

}  // namespace poltergeist::watch
