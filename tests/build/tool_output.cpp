// SPDX-License-Identifier: MIT
#include "build/tool_output.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace poltergeist::build {

namespace fs = std::filesystem;

fs::path output_directory() {
  return fs::path(POLTERGEIST_SOURCE_DIR) / "tests" / "build" / "output";
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<std::string> recorded_outputs() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(output_directory())) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string recorded(const std::string& name) {
  return text_of(output_directory() / (name + ".txt"));
}

}  // namespace poltergeist::build
