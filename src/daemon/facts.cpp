// SPDX-License-Identifier: MIT
#include "daemon/facts.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "process/environment.h"
#include "sys/files.h"

namespace poltergeist::daemon {

namespace {

std::optional<std::int64_t> modified(const std::filesystem::path& file) {
  constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return std::nullopt;
  return status.st_mtim.tv_sec * kNanosecondsPerSecond + status.st_mtim.tv_nsec;
}

}  // namespace

build::Facts look_up(const build::WantedFacts& wanted, const config::Project& project,
                     std::string_view path, std::vector<RelPath> why_paths, std::size_t total) {
  build::Facts facts;
  facts.root = project.root;
  facts.config_file = project.file;
  for (const auto& file : wanted.existing) {
    if (::access(file.c_str(), F_OK) == 0) facts.existing.insert(file);
  }
  for (const auto& file : wanted.texts) {
    if (auto text = read_file(file)) facts.texts.emplace(file, std::move(*text));
  }
  for (const auto& file : wanted.times) {
    if (const auto time = modified(file)) facts.times.emplace(file, *time);
  }
  for (const auto& program : wanted.programs) {
    if (is_in_path(program, path)) facts.programs.insert(program);
  }
  facts.changed = std::move(why_paths);
  facts.total_changed = total;
  facts.processors = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  return facts;
}

std::string_view path_in(const config::Environment& over, const std::vector<std::string>& own) {
  const auto set = over.find("PATH");
  return set == over.end() ? process::environment_value(own, "PATH")
                           : std::string_view(set->second);
}

bool is_in_path(const std::string& program, std::string_view path) {
  return !find_in_path(program, path).empty();
}

std::filesystem::path find_in_path(const std::string& program, std::string_view path) {
  while (true) {
    const auto colon = path.find(':');
    const auto part = path.substr(0, colon);
    const auto file = std::filesystem::path(part.empty() ? "." : part) / program;
    if (::access(file.c_str(), X_OK) == 0) return file;
    if (colon == std::string_view::npos) return {};
    path.remove_prefix(colon + 1);
  }
}

}  // namespace poltergeist::daemon
