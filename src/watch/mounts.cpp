// SPDX-License-Identifier: MIT
#include "watch/mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace poltergeist::watch {

namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";
// Where a line has the number of the mount, and where it is.
constexpr std::size_t kIdField = 0;
constexpr std::size_t kPlaceField = 4;
// Behind the optional fields, which this ends, comes the type of the file system.
constexpr std::string_view kEndOfOptions = " - ";

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Blanks, tabs, line ends and backslashes are written as \040 and the like.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::array<std::string_view, kPlaceField + 1> fields_of(std::string_view line) {
  std::array<std::string_view, kPlaceField + 1> fields;
  for (auto& field : fields) {
    const auto end = std::min(line.find(' '), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

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
  if (!place.starts_with('/')) return false;
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
  for (const auto line : lines_of(mountinfo)) {
    const auto fields = fields_of(line);
    const auto id = parse_number(fields[kIdField]);
    auto place = unescaped(fields[kPlaceField]);
    const auto options_end = line.find(kEndOfOptions);
    if (!id || options_end == std::string_view::npos || !is_at_or_below(place, root)) continue;
    const auto rest = line.substr(options_end + kEndOfOptions.size());
    mounts.push_back({*id, std::move(place), std::string(rest.substr(0, rest.find(' ')))});
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
