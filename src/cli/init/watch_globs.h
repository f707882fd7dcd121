// SPDX-License-Identifier: MIT
// Globs for `watchPaths` that name what there is, and no more: "src/**/*.{c,h}" where C files lie
// below src.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/init/project_files.h"

namespace poltergeist::cli {

using Extensions = std::set<std::string, std::less<>>;

// "c" or "{c,h}": what stands behind "*.".
[[nodiscard]] std::string extension_glob(const Extensions& extensions);

// For each directory at the top of `below` ("" is the root) that holds files with these extensions,
// "dir/**/*.{c,h}"; for such files in `below` itself "*.{c,h}". Only extensions that occur are
// named.
[[nodiscard]] std::vector<std::string> globs_for(const ProjectFiles& files,
                                                 const Extensions& extensions,
                                                 std::string_view below = "");

// Without those of a directory for tests at the top: what is not built from them.
[[nodiscard]] std::vector<std::string> without_tests(std::vector<std::string> globs);

// The same as globs_for() for directories that are known already; one inside another is dropped.
// The root ("") is taken alone, not with all below it.
[[nodiscard]] std::vector<std::string> globs_for_directories(std::set<std::string> directories,
                                                             const Extensions& extensions);

}  // namespace poltergeist::cli
