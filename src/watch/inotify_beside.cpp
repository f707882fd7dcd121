// SPDX-License-Identifier: MIT
#include "watch/inotify_beside.h"

#include <sys/epoll.h>

#include <utility>

namespace poltergeist::watch {

namespace {

WatchToken odd(WatchToken token) {
  return static_cast<WatchToken>(2 * static_cast<std::int32_t>(token) + 1);
}

}  // namespace

Result<InotifyBeside> InotifyBeside::create(int other) {
  auto inotify = InotifySource::create();
  if (!inotify) return fail(inotify.error());
  UniqueFd both(::epoll_create1(EPOLL_CLOEXEC));
  if (!both) return fail_errno("watching two at once");
  for (const int fd : {other, (*inotify)->fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (::epoll_ctl(both.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      return fail_errno("watching two at once");
    }
  }
  return InotifyBeside(std::move(*inotify), std::move(both));
}

InotifyBeside::InotifyBeside(std::unique_ptr<InotifySource> inotify, UniqueFd both)
    : inotify_(std::move(inotify)), both_(std::move(both)) {}

Result<WatchToken> InotifyBeside::add(const std::string& directory, Interest interest) {
  const auto token = inotify_->add(directory, interest);
  if (!token) return token;
  return odd(*token);
}

bool InotifyBeside::remove(WatchToken token) {
  const auto number = static_cast<std::int32_t>(token);
  if (number % 2 == 0) return false;
  inotify_->remove(static_cast<WatchToken>((number - 1) / 2));
  return true;
}

Result<bool> InotifyBeside::read(std::vector<Hint>& hints, Instant now) {
  const auto before = hints.size();
  const auto more = inotify_->read(hints, now);
  for (auto i = before; i < hints.size(); ++i) {
    if (hints[i].token != WatchToken::None) hints[i].token = odd(hints[i].token);
  }
  return more;
}

}  // namespace poltergeist::watch
