// SPDX-License-Identifier: MIT
#include "watch/eventless.h"

#include <sys/vfs.h>

#include <array>

namespace poltergeist::watch {

namespace {

struct FileSystem {
  long magic;
  std::string_view type;  // or "<type>.<what>"
  std::string_view name;
};

constexpr auto kEventless = std::to_array<FileSystem>({
    {0x01021997, "9p", "9p"},
    {0x6969, "nfs", "NFS"},
    {0x6969, "nfs4", "NFS"},
    {0x517B, "smbfs", "SMB"},
    {0xFE534D42, "smb3", "SMB"},
    {0xFF534D42, "cifs", "SMB"},
    {0x65735546, "fuse", "FUSE"},
    {0x65735546, "fuseblk", "FUSE"},
    {0x65735546, "virtiofs", "FUSE"},
    {0x5346414F, "afs", "AFS"},
    {0x73757245, "coda", "Coda"},
    {0x786F4256, "vboxsf", "a VirtualBox share"},
});

}  // namespace

std::string_view eventless_file_system(long magic) {
  for (const auto& one : kEventless) {
    if (one.magic == magic) return one.name;
  }
  return {};
}

std::string_view eventless_file_system_at(const std::filesystem::path& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return {};
  return eventless_file_system(static_cast<long>(status.f_type));
}

std::string_view eventless_file_system_of_type(std::string_view type) {
  const auto kind = type.substr(0, type.find('.'));
  for (const auto& one : kEventless) {
    if (one.type == kind) return one.name;
  }
  return {};
}

}  // namespace poltergeist::watch
