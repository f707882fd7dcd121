// SPDX-License-Identifier: MIT
// The file system that a path lies on: its kind as mount(8) calls it, and the room on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace poltergeist::cli::doctor {

struct FileSystem {
  std::string type;             // "ext4", "nfs4", "fuse.sshfs"; empty: not known
  std::filesystem::path mount;  // where it is mounted
  bool read_only = false;
  bool has_figures = false;      // the rest is known
  std::uint64_t free_bytes = 0;  // for a user without privileges
  std::uint64_t total_bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t total_files = 0;  // 0: it has no limit of its own

  friend bool operator==(const FileSystem&, const FileSystem&) = default;
};

// Of a path that is there.
[[nodiscard]] FileSystem file_system_of(const std::filesystem::path& path);

// Type and mount point of `path`, a real path, from the text of /proc/self/mountinfo. Pure.
[[nodiscard]] FileSystem mount_in(std::string_view mountinfo, const std::filesystem::path& path);

// Its files live on another machine, or come through another program.
[[nodiscard]] bool is_remote(std::string_view type);

}  // namespace poltergeist::cli::doctor
