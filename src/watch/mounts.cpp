// SPDX-License-Identifier: MIT
#include "watch/mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sys/mount_table.h"

namespace poltergeist::watch {

namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";

// From its beginning. By the descriptor that is there: it must be readable when there is none left.
std::string text_of(int fd) {
  constexpr std::size_t kChunk = 64 << 10;
  std::string text;
  for (off_t at = 0;; at = static_cast<off_t>(text.size())) {
    text.resize(text.size() + kChunk);
    const auto count = ::pread(fd, text.data() + at, kChunk, at);
    text.resize(static_cast<std::size_t>(at + std::max<ssize_t>(count, 0)));
    if (count <= 0) return text;
  }
}

bool is_at_or_below(std::string_view place, std::string_view root) {
  if (root == "/") return true;
  return place.starts_with(root) && (place.size() == root.size() || place[root.size()] == '/');
}

}  // namespace

Mounts::Mounts(std::filesystem::path root)
    : root_(std::move(root)), fd_(::open(kMountInfo, O_RDONLY | O_CLOEXEC)) {
  look();
}

bool Mounts::has_news() const {
  struct pollfd waiting {
    .fd = fd_.get(), .events = POLLPRI, .revents = 0
  };
  return fd_ && ::poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLPRI) != 0;
}

bool Mounts::look() {
  if (!fd_) return false;
  auto found = mounts_in(text_of(fd_.get()), root_.native());
  if (found == below_) return false;
  below_ = std::move(found);
  return true;
}

std::vector<Mount> mounts_in(std::string_view mountinfo, std::string_view root) {
  std::vector<Mount> mounts;
  for (auto& entry : parse_mountinfo(mountinfo)) {
    if (!is_at_or_below(entry.place, root)) continue;
    mounts.push_back({entry.id, std::move(entry.place), std::move(entry.type)});
  }
  return mounts;
}

std::vector<Mount> difference(std::vector<Mount> before, std::vector<Mount> after) {
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  std::vector<Mount> others;
  std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(),
                                std::back_inserter(others));
  return others;
}

}  // namespace poltergeist::watch
