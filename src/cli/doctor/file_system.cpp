// SPDX-License-Identifier: MIT
#include "cli/doctor/file_system.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

constexpr auto kRemote = std::to_array<std::string_view>(
    {"9p",        "afs",  "beegfs", "ceph",   "cifs",     "coda",  "gfs2",
     "glusterfs", "gpfs", "lustre", "ncpfs",  "nfs",      "nfs4",  "ocfs2",
     "prl_fs",    "smb3", "smbfs",  "vboxsf", "virtiofs", "vmhgfs"});

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const auto blank = line.find(' ');
    words.push_back(line.substr(0, blank));
    line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
  }
  return words;
}

// The kernel writes blanks, tabs, newlines and backslashes as three octal digits.
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digits = text.substr(i + 1, 3);
    if (text[i] != '\\' || digits.size() < 3 ||
        !std::all_of(digits.begin(), digits.end(), is_octal)) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + (digits[2] - '0'));
    i += 3;
  }
  return plain;
}

bool is_at_or_below(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

}  // namespace

FileSystem mount_in(std::string_view mountinfo, const fs::path& path) {
  constexpr std::size_t kMountPoint = 4;
  FileSystem found;
  for (const auto line : lines_of(mountinfo)) {
    const auto words = words_of(line);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() <= kMountPoint || words.end() - dash < 2) continue;
    const fs::path mount = unescaped(words[kMountPoint]);
    // The last one of those with the longest path is on top.
    const bool is_deeper = mount.string().size() >= found.mount.string().size();
    if (!is_deeper || !is_at_or_below(path, mount)) continue;
    found.mount = mount;
    found.type = *(dash + 1);
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
