// SPDX-License-Identifier: MIT
// What a tree holds, as one number: if a build writes it down and a test finds the same, no edit
// was lost, whatever happened.
#pragma once

#include <filesystem>
#include <string>

namespace poltergeist::test {

// Of the names and bytes of all files below `directory`, and of what its links say. Hidden names
// are left out, links are not followed, and what goes away meanwhile counts as gone.
[[nodiscard]] std::string oracle_of(const std::filesystem::path& directory);

}  // namespace poltergeist::test
