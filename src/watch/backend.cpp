// SPDX-License-Identifier: MIT
#include "watch/backend.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "sys/clock.h"
#include "sys/unique_fd.h"
#include "watch/eventless.h"
#include "watch/fallback_source.h"
#include "watch/fanotify_source.h"
#include "watch/inotify_source.h"
#include "watch/poll_source.h"
#include "watch/watchman_source.h"

namespace poltergeist::watch {

namespace {

constexpr std::string_view kOwnDirectory = ".poltergeist";

Result<std::unique_ptr<ChangeSource>> open_inotify() {
  auto inotify = InotifySource::create();
  if (!inotify) return fail(inotify.error());
  return std::unique_ptr<ChangeSource>(std::move(*inotify));
}

Result<std::unique_ptr<ChangeSource>> open_fanotify(const std::filesystem::path& root) {
  auto fanotify = FanotifySource::create(root);
  if (!fanotify) return fail(fanotify.error());
  return std::unique_ptr<ChangeSource>(std::move(*fanotify));
}

Result<std::unique_ptr<ChangeSource>> open_watchman(const std::filesystem::path& root) {
  auto watchman = WatchmanSource::create(root, watchman_sockets());
  if (!watchman) return fail(watchman.error());
  return std::unique_ptr<ChangeSource>(std::move(*watchman));
}

OpenedSource with_stand_in(FallbackSource::Open open, Result<std::unique_ptr<ChangeSource>> opened,
                           Milliseconds poll_interval) {
  return {
      .source = std::make_unique<FallbackSource>(std::move(open), std::move(opened), poll_interval),
      .choice = {}};
}

}  // namespace

Result<bool> probe_events(ChangeSource& source, const std::filesystem::path& directory) {
  const auto token = source.add(directory, Interest::Aside);
  if (!token) return fail(token.error());
  const auto file = directory / fmt::format(".probe.{}.tmp", ::getpid());
  Result<bool> heard = false;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  if (UniqueFd(::open(file.c_str(), kFlags, 0600))) {
    ::unlink(file.c_str());
    std::vector<Hint> hints;
    while (source.read(hints, now()).value_or(false)) {
    }
    heard = std::any_of(hints.begin(), hints.end(),
                        [&](const Hint& hint) { return hint.token == *token; });
  } else {
    heard = fail_errno("{} cannot be written", directory.string());
  }
  source.remove(*token);
  return heard;
}

Result<bool> probe_events(const std::filesystem::path& root) {
  const auto inotify = InotifySource::create();
  if (!inotify) return fail(inotify.error());
  std::error_code error;
  const auto own = root / kOwnDirectory;
  return probe_events(**inotify, std::filesystem::is_directory(own, error) ? own : root);
}

bool hears_changes(ChangeSource& source, const std::filesystem::path& directory) {
  return probe_events(source, directory).value_or(true);
}

OpenedSource open_source(const std::filesystem::path& root, Backend wanted,
                         Milliseconds poll_interval) {
  std::string choice;
  if (wanted == Backend::Auto) {
    if (const auto name = eventless_file_system_at(root); !name.empty()) {
      choice = fmt::format("{} is on {}, which does not report changes", root.string(), name);
      wanted = Backend::Poll;
    }
  }
  if (wanted == Backend::Fanotify) {
    const auto open = [root] { return open_fanotify(root); };
    auto opened = open();
    if (opened) return with_stand_in(open, std::move(opened), poll_interval);
    choice = opened.error().message + "; inotify is used instead";
  }
  if (wanted == Backend::Watchman) {
    const auto open = [root] { return open_watchman(root); };
    return with_stand_in(open, open(), poll_interval);
  }
  if (wanted == Backend::Poll) {
    return {.source = std::make_unique<PollSource>(poll_interval), .choice = std::move(choice)};
  }
  auto inotify = open_inotify();
  if (wanted == Backend::Auto && inotify && !hears_changes(**inotify, root / kOwnDirectory)) {
    return {
        .source = std::make_unique<PollSource>(poll_interval),
        .choice = fmt::format("{} is on a file system that did not report a change that was made",
                              root.string())};
  }
  auto chosen = with_stand_in(open_inotify, std::move(inotify), poll_interval);
  chosen.choice = std::move(choice);
  return chosen;
}

}  // namespace poltergeist::watch
