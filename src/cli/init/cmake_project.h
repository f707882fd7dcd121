// SPDX-License-Identifier: MIT
// A CMake project: asked through the File API, its targets with what they are built from and where
// their results lie.
#pragma once

#include <optional>

#include "base/result.h"
#include "cli/init/detect.h"
#include "cli/init/project_files.h"

namespace poltergeist::cli {

// Nothing without a CMakeLists.txt in the root. Errors as propose().
[[nodiscard]] Result<std::optional<Finding>> find_cmake(const ProjectFiles& files,
                                                        const InitOptions& options,
                                                        const CommandRunner& run);

}  // namespace poltergeist::cli
