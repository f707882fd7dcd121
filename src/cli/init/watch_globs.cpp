// SPDX-License-Identifier: MIT
#include "cli/init/watch_globs.h"

#include <map>

#include "base/text.h"

namespace poltergeist::cli {

std::string extension_glob(const Extensions& extensions) {
  if (extensions.size() == 1) return *extensions.begin();
  return "{" + joined({extensions.begin(), extensions.end()}, ",") + "}";
}

std::vector<std::string> globs_for(const ProjectFiles& files, const Extensions& extensions,
                                   std::string_view below) {
  const std::string prefix = below.empty() ? "" : std::string(below) + "/";
  // The top directory ("" for files in `below` itself) → the extensions that occur there.
  std::map<std::string, Extensions> found;
  for (const auto& file : files.all()) {
    if (!file.starts_with(prefix)) continue;
    const auto extension = extension_of(file);
    if (!extensions.contains(extension)) continue;
    const auto slash = file.find('/', prefix.size());
    const auto top = slash == std::string::npos ? std::string()
                                                : file.substr(prefix.size(), slash - prefix.size());
    found[top].emplace(extension);
  }
  std::vector<std::string> globs;
  for (const auto& [top, occurring] : found) {
    globs.push_back(prefix + (top.empty() ? "*." : top + "/**/*.") + extension_glob(occurring));
  }
  return globs;
}

std::vector<std::string> without_tests(std::vector<std::string> globs) {
  std::erase_if(globs, [](const std::string& glob) {
    return glob.starts_with("test/") || glob.starts_with("tests/") ||
           glob.starts_with("__tests__/");
  });
  return globs;
}

std::vector<std::string> globs_for_directories(std::set<std::string> directories,
                                               const Extensions& extensions) {
  std::vector<std::string> globs;
  std::string covering;  // the last directory taken; sorted, so its descendants follow it
  for (const auto& directory : directories) {
    if (directory.empty()) {
      globs.push_back("*." + extension_glob(extensions));
    } else if (covering.empty() || !directory.starts_with(covering + "/")) {
      globs.push_back(directory + "/**/*." + extension_glob(extensions));
      covering = directory;
    }
  }
  return globs;
}

}  // namespace poltergeist::cli
