// SPDX-License-Identifier: MIT
// The files of a project as `init` sees them: listed once, read when asked for. Paths are relative
// to the root, with slashes. Not listed: hidden files and directories, what builds leave behind
// (node_modules, target, build directories, …), and what lies behind symbolic links.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace poltergeist::cli {

class ProjectFiles {
 public:
  // A listing ends after kMaxFiles: what `init` looks for lies near the root.
  static constexpr std::size_t kMaxFiles = 50'000;

  [[nodiscard]] static Result<ProjectFiles> list(const std::filesystem::path& root);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }
  [[nodiscard]] std::string name() const { return root_.filename().string(); }

  // Any file below the root, hidden ones included (asks the file system).
  [[nodiscard]] bool has(std::string_view file) const;
  [[nodiscard]] bool has_directory(std::string_view directory) const;
  // The text of a file of at most 1 MiB; nothing if there is none.
  [[nodiscard]] std::optional<std::string> text(std::string_view file) const;

  // Listed files, sorted.
  [[nodiscard]] const std::set<std::string>& all() const { return files_; }
  // The names directly in a directory ("" is the root): of files, and of directories that hold
  // listed files.
  [[nodiscard]] std::vector<std::string> files_in(std::string_view directory) const;
  [[nodiscard]] std::vector<std::string> directories_in(std::string_view directory) const;
  [[nodiscard]] bool any(const std::function<bool(std::string_view file)>& wanted) const;

 private:
  std::filesystem::path root_;
  std::set<std::string> files_;
};

// "c" of "src/main.c"; empty if there is none.
[[nodiscard]] std::string_view extension_of(std::string_view file);

}  // namespace poltergeist::cli
