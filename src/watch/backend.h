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
enum class Backend { Auto, Inotify, Fanotify, Watchman, Poll };
inline constexpr auto kBackends = std::to_array<EnumName<Backend>>({
    {Backend::Auto, "auto"},
    {Backend::Inotify, "inotify"},
    {Backend::Fanotify, "fanotify"},
    {Backend::Watchman, "watchman"},
    {Backend::Poll, "poll"},
});

struct OpenedSource {
  std::unique_ptr<ChangeSource> source;
  std::string choice;  // why it is this one, for people; empty: it was asked for, or is the usual
};

// Auto is inotify, unless the root lies on a file system that sends no events, be it one that is
// known for that, be it that a file written in `<root>/.poltergeist` is not heard of: then poll.
// Fanotify
// that this user or this file system may not have is inotify, too. What
// cannot be had at the moment (no inotify instance is left) is tried again and again, and stood in
// for by polling: the source's shortfall says so.
[[nodiscard]] OpenedSource open_source(const std::filesystem::path& root, Backend wanted,
                                       Milliseconds poll_interval = Milliseconds(2000));

// Whether a file that is written in a directory, and removed again, is heard of at once. An error
// if that cannot be tried: the directory cannot be watched or written.
[[nodiscard]] Result<bool> probe_events(ChangeSource& source,
                                        const std::filesystem::path& directory);
// The same with inotify, in the root's `.poltergeist`, or in the root where there is none.
[[nodiscard]] Result<bool> probe_events(const std::filesystem::path& root);
// False only if it was tried and nothing was heard of it.
[[nodiscard]] bool hears_changes(ChangeSource& source, const std::filesystem::path& directory);

}  // namespace poltergeist::watch
