// SPDX-License-Identifier: MIT
// The ways in which editors and tools save a file.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace poltergeist::test {

struct Editor {
  const char* name;
  // `outside` is a directory of the same file system that nobody watches. Throws if it cannot.
  std::function<void(const std::filesystem::path& file, const std::filesystem::path& outside,
                     const std::string& text)>
      save;
};

[[nodiscard]] const std::vector<Editor>& editors();

}  // namespace poltergeist::test
