// SPDX-License-Identifier: MIT
#include "state/pause_flag.h"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/files.h"

namespace poltergeist::state {

namespace {

bool is_there(const std::filesystem::path& file) {
  struct stat status {};
  return ::lstat(file.c_str(), &status) == 0;
}

Result<void> remove_file(const std::filesystem::path& file) {
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
    return fail_errno("removing {}", file.string());
  }
  return {};
}

}  // namespace

bool is_paused(const ProjectPaths& paths) {
  return is_there(paths.paused()) || is_there(paths.upstream_paused());
}

Result<void> set_paused(const ProjectPaths& paths, bool paused) {
  if (paused) return write_file(paths.paused(), "paused\n");
  if (auto removed = remove_file(paths.paused()); !removed) return removed;
  return remove_file(paths.upstream_paused());
}

}  // namespace poltergeist::state
