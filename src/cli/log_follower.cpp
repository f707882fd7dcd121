// SPDX-License-Identifier: MIT
#include "cli/log_follower.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace poltergeist::cli {

namespace {

UniqueFd open_log(const std::filesystem::path& file) {
  return UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
}

}  // namespace

Result<LogFollower> LogFollower::open(std::filesystem::path file) {
  UniqueFd events(::inotify_init1(IN_CLOEXEC));
  if (!events) return fail_errno("following {}", file.string());
  const auto mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM;
  if (::inotify_add_watch(events.get(), file.parent_path().c_str(), mask) < 0) {
    return fail_errno("following {}", file.string());
  }
  LogFollower follower(std::move(file), std::move(events));
  follower.log_ = open_log(follower.file_);
  return follower;
}

void LogFollower::read_rest(const OnBytes& on_bytes) {
  std::array<char, 64 << 10> bytes;
  while (log_) {
    const auto count = ::read(log_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    on_bytes({bytes.data(), static_cast<std::size_t>(count)});
  }
}

bool LogFollower::is_replaced() const {
  struct stat there {};
  if (::stat(file_.c_str(), &there) != 0) return false;
  struct stat ours {};
  if (!log_ || ::fstat(log_.get(), &ours) != 0) return true;
  return there.st_ino != ours.st_ino || there.st_dev != ours.st_dev;
}

Result<void> LogFollower::drain(const OnBytes& on_bytes, const OnNewFile& on_new_file) {
  // The old file is read to its end first: its writer has let go of it before the new one begins.
  read_rest(on_bytes);
  while (is_replaced()) {
    read_rest(on_bytes);
    log_ = open_log(file_);
    if (!log_) return fail_errno("{}", file_.string());
    on_new_file();
    read_rest(on_bytes);
  }
  return {};
}

Result<void> LogFollower::await_change() {
  alignas(inotify_event) std::array<char, 16 << 10> records;
  while (true) {
    const auto count = ::read(events_.get(), records.data(), records.size());
    if (count > 0) return {};
    if (errno != EINTR) return fail_errno("following {}", file_.string());
  }
}

std::size_t start_of_last_lines(std::string_view text, std::uint64_t lines) {
  if (lines == 0) return text.size();
  std::size_t at = text.size();
  if (text.ends_with('\n')) --at;
  for (; lines > 0; --lines) {
    if (at == 0) return 0;
    const auto newline = text.rfind('\n', at - 1);
    if (newline == std::string_view::npos) return 0;
    at = newline;
  }
  return at + 1;
}

}  // namespace poltergeist::cli
