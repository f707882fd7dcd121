// SPDX-License-Identifier: MIT
#include "watch/inotify_source.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "sys/files.h"

namespace poltergeist::watch {

namespace {

// IN_MODIFY as well as IN_CLOSE_WRITE: truncate(2) gives the first only, a mapped write the second.
constexpr std::uint32_t kTreeMask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t kRootMask = kTreeMask | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kAsideMask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE;
constexpr std::uint32_t kAboveMask = IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF;
// IN_MASK_ADD: one directory may be watched for two reasons, and the second must not end the first.
constexpr std::uint32_t kFlags = IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_ADD;

// What most distributions set, or should.
constexpr std::uint64_t kUsualWatches = 524'288;
constexpr std::uint64_t kUsualInstances = 1024;

std::uint32_t mask_for(Interest interest) {
  switch (interest) {
    case Interest::Tree:
      return kTreeMask;
    case Interest::Root:
      return kRootMask;
    case Interest::Aside:
      return kAsideMask;
    case Interest::Above:
      return kAboveMask;
  }
  return kTreeMask;
}

std::optional<Hint::What> meaning_of(std::uint32_t mask) {
  const bool directory = (mask & IN_ISDIR) != 0;
  if ((mask & IN_Q_OVERFLOW) != 0) return Hint::What::Overflow;
  if ((mask & (IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF)) != 0) return Hint::What::SelfGone;
  if ((mask & IN_MOVE_SELF) != 0) return Hint::What::SelfMoved;
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    return directory ? Hint::What::DirectoryGone : Hint::What::Gone;
  }
  if (directory) return Hint::What::DirectoryAppeared;
  if ((mask & IN_CREATE) != 0) return Hint::What::Created;
  if ((mask & IN_MODIFY) != 0) return Hint::What::Writing;
  if ((mask & (IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB)) != 0) return Hint::What::Changed;
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<InotifySource>> InotifySource::create() {
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd && errno == EMFILE) {
    const auto limit = inotify_limit(InotifyResource::Instances);
    return fail(
        Errc::Unavailable,
        "no inotify instance is left: one is needed, this user may have {}, other programs' "
        "included; raise it: {}",
        limit.value, raise_command(InotifyResource::Instances, limit, 1));
  }
  if (!fd) return fail_errno("inotify");
  return std::unique_ptr<InotifySource>(new InotifySource(std::move(fd)));
}

Result<WatchToken> InotifySource::add(const std::string& directory, Interest interest) {
  const int token = ::inotify_add_watch(fd_.get(), directory.c_str(), mask_for(interest) | kFlags);
  if (token >= 0) return static_cast<WatchToken>(token);
  if (errno == ENOSPC) {
    return fail(Errc::Unavailable, "{}: no inotify watch is left for this user", directory);
  }
  return fail_errno("watching {}", directory);
}

void InotifySource::remove(WatchToken token) {
  // EINVAL: the kernel was faster.
  ::inotify_rm_watch(fd_.get(), static_cast<int>(token));
}

Result<bool> InotifySource::read(std::vector<Hint>& hints, Instant) {
  while (true) {
    const ssize_t count = ::read(fd_.get(), buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return false;
    if (count < 0) return fail_errno("reading from inotify");
    decode_inotify({buffer_.data(), static_cast<std::size_t>(count)}, hints);
    return true;
  }
}

void decode_inotify(std::span<const char> bytes, std::vector<Hint>& hints) {
  while (bytes.size() >= sizeof(struct inotify_event)) {
    struct inotify_event event;
    std::memcpy(&event, bytes.data(), sizeof event);
    const std::size_t whole = sizeof event + event.len;
    if (whole > bytes.size()) return;
    const char* text = bytes.data() + sizeof event;
    const std::string_view name(text, ::strnlen(text, event.len));
    bytes = bytes.subspan(whole);
    const auto what = meaning_of(event.mask);
    if (!what) continue;
    // An event of the directory itself (its attributes) has no name, and its parent reports it too.
    const bool about_entry = *what == Hint::What::Changed || *what == Hint::What::Gone ||
                             *what == Hint::What::Created || *what == Hint::What::Writing ||
                             *what == Hint::What::DirectoryAppeared ||
                             *what == Hint::What::DirectoryGone;
    if (about_entry && name.empty()) continue;
    hints.push_back({.what = *what, .token = static_cast<WatchToken>(event.wd), .name = name});
  }
}

InotifyLimit inotify_limit(InotifyResource resource) {
  const bool watches = resource == InotifyResource::Watches;
  const auto value_of = [](const std::string& key) {
    auto file = "/proc/sys/" + key;
    std::replace(file.begin() + 10, file.end(), '.', '/');
    const auto text = read_file(file);
    return text ? parse_number(trimmed(*text)) : std::nullopt;
  };
  const std::string of_all =
      watches ? "fs.inotify.max_user_watches" : "fs.inotify.max_user_instances";
  const std::string of_ours = watches ? "user.max_inotify_watches" : "user.max_inotify_instances";
  const auto all = value_of(of_all);
  const auto ours = value_of(of_ours);
  if (ours && (!all || *ours < *all)) return {.value = *ours, .key = of_ours};
  return {.value = all.value_or(0), .key = of_all};
}

std::string raise_command(InotifyResource resource, const InotifyLimit& limit,
                          std::uint64_t needed) {
  const auto usual = resource == InotifyResource::Watches ? kUsualWatches : kUsualInstances;
  return fmt::format("sudo sysctl {}={}", limit.key,
                     std::max(usual, std::bit_ceil(limit.value + 2 * needed)));
}

}  // namespace poltergeist::watch
