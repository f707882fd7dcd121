// SPDX-License-Identifier: MIT
#include "watch/default_exclusions.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace poltergeist::watch {

namespace {

constexpr auto kUniversal = std::to_array<std::string_view>(
    {// Other version control.
     ".svn/", ".hg/", ".bzr/", ".jj/",
     // What editors and desktops leave behind.
     "*~", ".#*", "#*#", "4913", "*.sw?", "___jb_*", ".DS_Store", "Thumbs.db", "desktop.ini",
     ".vscode/", ".idea/", ".cursor/", ".vs/",
     // Temporary and packed things.
     "tmp/", "temp/", ".tmp/", "*.tmp", "*.temp", "*.zip", "*.tar", "*.gz", "*.rar", "*.7z"});

// Lock files (Cargo.lock, package-lock.json, …) are inputs: a pull that changes one must build.
constexpr auto kSwift = std::to_array<std::string_view>(
    {".build/", "DerivedData/", "xcuserdata/", "xcschemes/", "*.dSYM/", "*.framework/", "*.app/",
     "*.ipa", "*.swiftmodule", "*.swiftdoc", "*.swiftsourceinfo"});

constexpr auto kNode = std::to_array<std::string_view>(
    {"node_modules/", "dist/", "build/", "out/", ".next/", ".nuxt/", "coverage/", ".cache/",
     ".parcel-cache/", ".nyc_output/", "lib-cov/", "*.log", "logs/"});

constexpr auto kRust =
    std::to_array<std::string_view>({"target/", "*.rlib", "*.rmeta", "*.crate", "*.rs.bk"});

constexpr auto kPython = std::to_array<std::string_view>(
    {"__pycache__/", "*.pyc", "*.pyo", "*.pyd", "venv/", "env/", ".venv/", ".env/",
     ".pytest_cache/", ".coverage", "htmlcov/", ".tox/", ".mypy_cache/", ".ruff_cache/",
     ".pylint.d/", "*.egg-info/", "dist/", "build/"});

// Not `Makefile`: it is a source as often as it is generated.
constexpr auto kCMake = std::to_array<std::string_view>(
    {"build/", "_build/", "out/", "cmake-build-*/", "CMakeFiles/", "CMakeCache.txt",
     "cmake_install.cmake", "*.o", "*.a", "*.so", "*.dylib", "*.dll", "*.lib", "*.exe", ".cmake/",
     "_deps/", "Testing/", "_CPack_Packages/"});

void append(std::vector<std::string>& lines, std::span<const std::string_view> more) {
  for (const auto line : more) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.emplace_back(line);
  }
}

}  // namespace

std::vector<std::string> default_exclusions_for(Ecosystem ecosystem) {
  std::vector<std::string> lines;
  append(lines, kUniversal);
  const auto wants = [&](Ecosystem one) {
    return ecosystem == one || ecosystem == Ecosystem::Mixed;
  };
  if (wants(Ecosystem::Swift)) append(lines, kSwift);
  if (wants(Ecosystem::Node)) append(lines, kNode);
  if (wants(Ecosystem::Rust)) append(lines, kRust);
  if (wants(Ecosystem::Python)) append(lines, kPython);
  if (wants(Ecosystem::CMake)) append(lines, kCMake);
  return lines;
}

}  // namespace poltergeist::watch
