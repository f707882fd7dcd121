// SPDX-License-Identifier: MIT
#include "cli/init/project_files.h"

#include <algorithm>
#include <array>

#include "sys/files.h"

namespace poltergeist::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kTextLimit = 1 << 20;
constexpr int kDirectoryDepth = 12;

// What builds, package managers and environments leave behind, in any language.
constexpr auto kLeftBehind = std::to_array<std::string_view>(
    {"build", "_build", "out", "dist", "target", "node_modules", "venv", "env", "__pycache__",
     "CMakeFiles", "_deps", "htmlcov", "coverage", "DerivedData"});

bool is_left_behind(std::string_view directory) {
  return directory.starts_with("cmake-build-") || directory.ends_with(".egg-info") ||
         std::find(kLeftBehind.begin(), kLeftBehind.end(), directory) != kLeftBehind.end();
}

bool is_hidden(std::string_view name) {
  return name.starts_with('.');
}

// What stands directly in `directory`, with its prefix: "src/" of "src/main.c".
std::string prefix_of(std::string_view directory) {
  return directory.empty() ? std::string() : std::string(directory) + "/";
}

}  // namespace

std::string_view extension_of(std::string_view file) {
  const auto name = file.substr(file.rfind('/') + 1);
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

Result<ProjectFiles> ProjectFiles::list(const fs::path& root) {
  ProjectFiles files;
  std::error_code error;
  files.root_ = fs::canonical(root, error);
  if (error) return fail(Errc::NotFound, "looking at {}: {}", root.string(), error.message());

  const auto skip = fs::directory_options::skip_permission_denied;
  auto entry = fs::recursive_directory_iterator(files.root_, skip, error);
  if (error) return fail(Errc::Io, "listing {}: {}", root.string(), error.message());
  // An entry that vanishes or cannot be read meanwhile ends the listing there: what was seen stays.
  for (; entry != fs::recursive_directory_iterator() && !error; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      if (is_hidden(name) || is_left_behind(name) || entry.depth() >= kDirectoryDepth) {
        entry.disable_recursion_pending();
      }
    } else if (entry->is_regular_file(ignored) && !is_hidden(name)) {
      files.files_.insert(entry->path().lexically_relative(files.root_).generic_string());
      if (files.files_.size() >= kMaxFiles) break;
    }
  }
  return files;
}

bool ProjectFiles::has(std::string_view file) const {
  std::error_code ignored;
  return fs::is_regular_file(root_ / file, ignored);
}

bool ProjectFiles::has_directory(std::string_view directory) const {
  std::error_code ignored;
  return fs::is_directory(root_ / directory, ignored);
}

std::optional<std::string> ProjectFiles::text(std::string_view file) const {
  auto text = read_file(root_ / file, kTextLimit);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::vector<std::string> ProjectFiles::files_in(std::string_view directory) const {
  const auto prefix = prefix_of(directory);
  std::vector<std::string> names;
  for (auto file = files_.lower_bound(prefix); file != files_.end() && file->starts_with(prefix);
       ++file) {
    if (file->find('/', prefix.size()) == std::string::npos) {
      names.push_back(file->substr(prefix.size()));
    }
  }
  return names;
}

std::vector<std::string> ProjectFiles::directories_in(std::string_view directory) const {
  const auto prefix = prefix_of(directory);
  std::set<std::string> names;
  for (auto file = files_.lower_bound(prefix); file != files_.end() && file->starts_with(prefix);
       ++file) {
    const auto slash = file->find('/', prefix.size());
    if (slash != std::string::npos)
      names.insert(file->substr(prefix.size(), slash - prefix.size()));
  }
  return {names.begin(), names.end()};
}

bool ProjectFiles::any(const std::function<bool(std::string_view)>& wanted) const {
  return std::any_of(files_.begin(), files_.end(), wanted);
}

}  // namespace poltergeist::cli
