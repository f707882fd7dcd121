// SPDX-License-Identifier: MIT
#include "watch/content.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <vector>

#include "sys/unique_fd.h"

namespace poltergeist::watch {

namespace {

constexpr std::uint32_t kExecutable = S_IXUSR | S_IXGRP | S_IXOTH;

Content content_from(const char* bytes, std::size_t size, std::uint32_t mode) {
  const auto kept = mode & (std::uint32_t{S_IFMT} | kExecutable);
  const auto hash = XXH3_64bits_withSeed(bytes, size, kept);
  // Two values are taken.
  return static_cast<Content>(hash > 1 ? hash : hash + 2);
}

Content content_of_link(const std::string& path, const Stamp& stamp) {
  std::array<char, PATH_MAX> target;
  const auto size = ::readlink(path.c_str(), target.data(), target.size());
  struct stat status {};
  if (size < 0 || ::lstat(path.c_str(), &status) != 0 || Stamp::of(status) != stamp) {
    return Content::Unknown;
  }
  return content_from(target.data(), static_cast<std::size_t>(size), stamp.mode);
}

UniqueFd open_quietly(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  UniqueFd file(::open(path.c_str(), kFlags | O_NOATIME));
  if (!file && errno == EPERM) file = UniqueFd(::open(path.c_str(), kFlags));  // another's file
  return file;
}

ssize_t read_at(int file, char* start, std::size_t size, off_t offset) {
  const iovec part{.iov_base = start, .iov_len = size};
  const auto count = ::preadv2(file, &part, 1, offset, RWF_NOWAIT);
  // Not every file system can say that it would have to wait.
  if (count < 0 && errno == EOPNOTSUPP) return ::preadv(file, &part, 1, offset);
  return count;
}

bool is_still(int file, const Stamp& stamp) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && Stamp::of(status) == stamp;
}

// All of the file; nothing if that cannot be had at once.
std::optional<std::size_t> read_all(int file, std::vector<char>& bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto count =
        read_at(file, bytes.data() + size, bytes.size() - size, static_cast<off_t>(size));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return size;
}

}  // namespace

bool may_have_content(const Stamp& stamp) {
  return S_ISLNK(stamp.mode) || (S_ISREG(stamp.mode) && stamp.size <= kLargestContent);
}

Content content_of(const std::string& path, const Stamp& stamp) {
  if (!may_have_content(stamp)) return Content::Unknown;
  if (S_ISLNK(stamp.mode)) return content_of_link(path, stamp);
  const auto file = open_quietly(path);
  if (!file || !is_still(file.get(), stamp)) return Content::Unknown;
  // One byte more than there should be: what grows meanwhile is not what the stamp is of.
  std::vector<char> bytes(stamp.size + 1);
  const auto size = read_all(file.get(), bytes);
  if (!size || *size != stamp.size || !is_still(file.get(), stamp)) return Content::Unknown;
  return content_from(bytes.data(), *size, stamp.mode);
}

}  // namespace poltergeist::watch
