// SPDX-License-Identifier: MIT
// CMake's File API: what CMake itself knows of a project after configuring it. A client leaves a
// query in the build directory, the next run of cmake answers it there
// (https://cmake.org/cmake/help/latest/manual/cmake-file-api.7.html).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace poltergeist::cli {

enum class CMakeTargetKind { Executable, StaticLibrary, SharedLibrary, OtherLibrary, Custom };

struct CMakeTarget {
  std::string name;
  CMakeTargetKind kind = CMakeTargetKind::Executable;
  // As CMake gives it: relative to the build directory, absolute if outside it; empty for what
  // makes no file.
  std::string artifact;
  // Directories of the project (relative to the root, "" the root itself) that hold the sources and
  // the headers of this target and of all that it is built from.
  std::set<std::string> source_directories;
  // The extensions of those sources: "cpp", "cu", ….
  std::set<std::string, std::less<>> extensions;
  bool is_test = false;  // CTest runs it
};

struct CMakeModel {
  std::string generator;
  std::string build_type;            // of the configuration that the answer is about; may be empty
  std::vector<CMakeTarget> targets;  // the project's own: none of CMake's, none downloaded
  std::vector<std::string> project_directories;  // with a CMakeLists.txt, relative to the root
  bool has_tests = false;
};

// Leaves the query in a build directory, which is made if need be.
[[nodiscard]] Result<void> ask_cmake(const std::filesystem::path& build_directory);
// Reads the newest answer. Errc::NotFound: there is none; Errc::Protocol: it is not understood.
[[nodiscard]] Result<CMakeModel> read_cmake_answer(const std::filesystem::path& build_directory,
                                                   const std::filesystem::path& root);

}  // namespace poltergeist::cli
