// SPDX-License-Identifier: MIT
// Which ChangeSource watches a root.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/enum_names.h"
#include "watch/change_source.h"

namespace poltergeist::watch {

// The names are those of the configuration's `watcher.backend`.
enum class Backend { Auto, Inotify, Poll };
inline constexpr auto kBackends = std::to_array<EnumName<Backend>>({
    {Backend::Auto, "auto"},
    {Backend::Inotify, "inotify"},
    {Backend::Poll, "poll"},
});

struct OpenedSource {
  std::unique_ptr<ChangeSource> source;
  Backend backend = Backend::Inotify;
  std::string notice;  // why it is not inotify, for people; else empty
};

// Auto is inotify, unless the root lies on a file system that sends no events or the user has no
// inotify instance left; then poll, with a notice.
[[nodiscard]] Result<OpenedSource> open_source(const std::filesystem::path& root, Backend wanted,
                                               Milliseconds poll_interval = Milliseconds(2000));

// The name of a file system that is known not to send events for every change; empty for others.
// `magic` as statfs gives it.
[[nodiscard]] std::string_view eventless_file_system(long magic);

}  // namespace poltergeist::watch
