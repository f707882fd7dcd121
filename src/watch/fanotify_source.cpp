// SPDX-License-Identifier: MIT
#include "watch/fanotify_source.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace poltergeist::watch {

namespace {

constexpr std::uint64_t kMask = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO |
                                FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_ONDIR;

std::string_view bytes_of(const void* start, std::size_t size) {
  return {static_cast<const char*>(start), size};
}

// The kernel may put several changes of one name into one event; whatever happened, a look decides.
void add_hints(std::uint64_t mask, WatchToken token, std::string_view name,
               std::vector<Hint>& hints) {
  using What = Hint::What;
  if (name ==
      ".") {  // the directory's own attributes: it may have become readable, or ceased to be
    hints.push_back({What::SelfGone, token, {}});
    return;
  }
  const bool directory = (mask & FAN_ONDIR) != 0;
  const bool gone = (mask & (FAN_DELETE | FAN_MOVED_FROM)) != 0;
  if (directory && gone) hints.push_back({What::DirectoryGone, token, name});
  if (directory && (mask & ~std::uint64_t{FAN_DELETE | FAN_MOVED_FROM | FAN_ONDIR}) != 0) {
    hints.push_back({What::DirectoryAppeared, token, name});
  }
  if (directory) return;
  const auto what = [&] {
    if (gone) return What::Gone;
    if ((mask & (FAN_MOVED_TO | FAN_CLOSE_WRITE | FAN_ATTRIB)) != 0) return What::Changed;
    return (mask & FAN_MODIFY) != 0 ? What::Writing : What::Created;
  };
  hints.push_back({what(), token, name});
}

Error unusable(const std::string& what) {
  const int number = errno;
  const auto code = number == EPERM || number == EACCES ? Errc::Denied : Errc::Unavailable;
  return {code, fmt::format("{}: {}", what, std::strerror(number))};
}

}  // namespace

Result<std::unique_ptr<FanotifySource>> FanotifySource::create(const std::filesystem::path& root) {
  UniqueFd fanotify(
      ::fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
                      O_RDONLY | O_CLOEXEC | O_LARGEFILE));
  if (!fanotify) return fail(unusable("fanotify"));
  if (::fanotify_mark(fanotify.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, kMask, AT_FDCWD,
                      root.c_str()) != 0) {
    return fail(unusable("fanotify on the file system of " + root.string()));
  }
  auto beside = InotifyBeside::create(fanotify.get());
  if (!beside) return fail(beside.error());
  std::unique_ptr<FanotifySource> source(
      new FanotifySource(std::move(fanotify), std::move(*beside)));
  const UniqueFd directory(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto handle = handle_of(directory.get());
  if (!handle) return fail(Errc::Unavailable, "fanotify: {}", handle.error().message);
  source->root_file_system_ = handle->substr(0, sizeof(fsid_t));
  return source;
}

FanotifySource::FanotifySource(UniqueFd fanotify, InotifyBeside beside)
    : fanotify_(std::move(fanotify)), beside_(std::move(beside)), buffer_(kBuffer) {}

Result<std::string> FanotifySource::handle_of(int directory) {
  struct statfs status {};
  if (::fstatfs(directory, &status) != 0) return fail_errno("statfs");
  alignas(struct file_handle) std::array<char, sizeof(struct file_handle) + MAX_HANDLE_SZ> room{};
  auto* handle = reinterpret_cast<struct file_handle*>(room.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  if (::name_to_handle_at(directory, "", handle, &mount, AT_EMPTY_PATH) != 0) {
    return fail_errno("file handles");
  }
  std::string all(bytes_of(&status.f_fsid, sizeof status.f_fsid));
  all += bytes_of(handle, sizeof *handle + handle->handle_bytes);
  return all;
}

Result<WatchToken> FanotifySource::add(const std::string& directory, Interest interest) {
  const UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("watching {}", directory);
  auto handle = handle_of(fd.get());
  if (!handle || !handle->starts_with(root_file_system_)) {
    return beside_.add(directory, interest);
  }
  // Even numbers: the odd ones are those of inotify.
  const auto [entry, is_new] = tokens_.try_emplace(std::move(*handle), last_ + 2);
  if (is_new) {
    last_ += 2;
    handles_.emplace(entry->second, &entry->first);
  }
  return static_cast<WatchToken>(entry->second);
}

void FanotifySource::remove(WatchToken token) {
  if (beside_.remove(token)) return;
  const auto found = handles_.find(static_cast<std::int32_t>(token));
  if (found == handles_.end()) return;
  tokens_.erase(tokens_.find(*found->second));
  handles_.erase(found);
}

Result<bool> FanotifySource::read(std::vector<Hint>& hints, Instant now) {
  ssize_t count = 0;
  do count = ::read(fanotify_.get(), buffer_.data(), buffer_.size());
  while (count < 0 && errno == EINTR);
  if (count < 0 && errno != EAGAIN) return fail_errno("reading from fanotify");
  if (count > 0) decode({buffer_.data(), static_cast<std::size_t>(count)}, hints);

  const auto beside = beside_.read(hints, now);
  if (!beside) return beside;
  return count > 0 || *beside;
}

void FanotifySource::decode(std::span<const char> events, std::vector<Hint>& hints) const {
  std::string key;
  while (events.size() >= sizeof(struct fanotify_event_metadata)) {
    struct fanotify_event_metadata event;
    std::memcpy(&event, events.data(), sizeof event);
    if (event.event_len < sizeof event || event.event_len > events.size()) return;
    const auto record = events.subspan(event.metadata_len, event.event_len - event.metadata_len);
    events = events.subspan(event.event_len);
    if ((event.mask & FAN_Q_OVERFLOW) != 0) {
      hints.push_back({.what = Hint::What::Overflow});
      continue;
    }
    struct fanotify_event_info_fid info;
    if (record.size() < sizeof info + sizeof(struct file_handle)) continue;
    std::memcpy(&info, record.data(), sizeof info);
    if (info.hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME) continue;
    const char* start = record.data() + sizeof info;
    struct file_handle handle;
    std::memcpy(&handle, start, sizeof handle);
    const std::size_t size = sizeof handle + handle.handle_bytes;
    if (record.size() < sizeof info + size) continue;
    key.assign(bytes_of(&info.fsid, sizeof info.fsid)).append(start, size);
    const auto found = tokens_.find(key);
    if (found == tokens_.end()) continue;  // somebody else's
    const std::string_view name(start + size,
                                ::strnlen(start + size, record.size() - sizeof info - size));
    add_hints(event.mask, static_cast<WatchToken>(found->second), name, hints);
  }
}

}  // namespace poltergeist::watch
