// SPDX-License-Identifier: MIT
#include "watch/backend.h"

#include <sys/vfs.h>

#include <utility>

#include <fmt/core.h>

#include "watch/inotify_source.h"
#include "watch/poll_source.h"

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

OpenedSource polling(Milliseconds interval, std::string notice) {
  return {.source = std::make_unique<PollSource>(interval),
          .backend = Backend::Poll,
          .notice = std::move(notice)};
}

}  // namespace

std::string_view eventless_file_system(long magic) {
  for (const auto& one : kEventless) {
    if (one.magic == magic) return one.name;
  }
  return {};
}

Result<OpenedSource> open_source(const std::filesystem::path& root, Backend wanted,
                                 Milliseconds poll_interval) {
  if (wanted == Backend::Poll) return polling(poll_interval, {});
  if (wanted == Backend::Auto) {
    struct statfs status {};
    const auto name = ::statfs(root.c_str(), &status) == 0
                          ? eventless_file_system(static_cast<long>(status.f_type))
                          : std::string_view{};
    if (!name.empty()) {
      return polling(
          poll_interval,
          fmt::format("{} is on {}, which does not report changes: it is read every {} ms",
                      root.string(), name, poll_interval.count()));
    }
  }
  auto inotify = InotifySource::create();
  if (inotify)
    return OpenedSource{.source = std::move(*inotify), .backend = Backend::Inotify, .notice = {}};
  if (wanted == Backend::Inotify || inotify.error().code != Errc::Unavailable) {
    return fail(inotify.error());
  }
  return polling(poll_interval, fmt::format("{}; until then the tree is read every {} ms",
                                            inotify.error().message, poll_interval.count()));
}

}  // namespace poltergeist::watch
