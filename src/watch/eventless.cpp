// SPDX-License-Identifier: MIT
#include "watch/eventless.h"

#include <sys/vfs.h>

#include <array>

namespace poltergeist::watch {

namespace {

struct FileSystem {
  long magic;
  std::string_view name;
};

constexpr auto kEventless = std::to_array<FileSystem>({
    {0x01021997, "9p"},
    {0x6969, "NFS"},
    {0x517B, "SMB"},
    {0xFE534D42, "SMB"},
    {0xFF534D42, "SMB"},
    {0x65735546, "FUSE"},
    {0x5346414F, "AFS"},
    {0x73757245, "Coda"},
    {0x786F4256, "a VirtualBox share"},
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

}  // namespace poltergeist::watch
