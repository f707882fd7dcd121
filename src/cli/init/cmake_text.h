// SPDX-License-Identifier: MIT
// The targets of a CMake project as its CMakeLists.txt spell them, for when CMake cannot be asked.
// Names made of variables other than the project's are missed, and so is where the results go.
#pragma once

#include "cli/init/cmake_file_api.h"
#include "cli/init/project_files.h"

namespace poltergeist::cli {

[[nodiscard]] CMakeModel read_cmake_text(const ProjectFiles& files);

}  // namespace poltergeist::cli
