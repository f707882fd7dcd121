// SPDX-License-Identifier: MIT
#include "cli/doctor/file_system.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>

#include "sys/files.h"
#include "sys/mount_table.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

constexpr auto kRemote = std::to_array<std::string_view>(
    {"9p",        "afs",  "beegfs", "ceph",   "cifs",     "coda",  "gfs2",
     "glusterfs", "gpfs", "lustre", "ncpfs",  "nfs",      "nfs4",  "ocfs2",
     "prl_fs",    "smb3", "smbfs",  "vboxsf", "virtiofs", "vmhgfs"});

bool is_at_or_below(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

}  // namespace

FileSystem mount_in(std::string_view mountinfo, const fs::path& path) {
  FileSystem found;
  for (auto& entry : parse_mountinfo(mountinfo)) {
    fs::path mount = std::move(entry.place);
    // The last one of those with the longest path is on top.
    const bool is_deeper = mount.string().size() >= found.mount.string().size();
    if (!is_deeper || !is_at_or_below(path, mount)) continue;
    found.mount = std::move(mount);
    found.type = std::move(entry.type);
  }
  return found;
}

FileSystem file_system_of(const fs::path& path) {
  std::error_code error;
  const auto real = fs::canonical(path, error);
  const auto mounts = read_file("/proc/self/mountinfo");
  FileSystem found;
  if (!error && mounts) found = mount_in(*mounts, real);
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return found;
  found.has_figures = true;
  found.read_only = (status.f_flag & ST_RDONLY) != 0;
  found.free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
  found.total_bytes = std::uint64_t{status.f_blocks} * status.f_frsize;
  found.free_files = status.f_favail;
  found.total_files = status.f_files;
  return found;
}

bool is_remote(std::string_view type) {
  return type.starts_with("fuse") ||
         std::find(kRemote.begin(), kRemote.end(), type) != kRemote.end();
}

}  // namespace poltergeist::cli::doctor
