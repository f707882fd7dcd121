// SPDX-License-Identifier: MIT
#include "watch/directory_reader.h"

#include <dirent.h>
#include <fcntl.h>

#include <cstddef>
#include <cstring>

namespace poltergeist::watch {

namespace {

constexpr std::size_t kBuffer = 32 << 10;
// 40 KiB of what was seen.
constexpr std::size_t kMostLookedAtAhead = 256;

}  // namespace

EntryKind kind_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return EntryKind::Directory;
  return S_ISREG(status.st_mode) || S_ISLNK(status.st_mode) ? EntryKind::File : EntryKind::Other;
}

Result<void> DirectoryReader::read(const std::string& path) {
  entries_.clear();
  names_.clear();
  seen_.clear();
  directory_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_) {
    // With O_DIRECTORY a link in the place of the directory is ENOTDIR or ELOOP.
    if (errno == ELOOP) errno = ENOTDIR;
    return fail_errno("reading {}", path);
  }
  // Most directories fill little of it: the rest is not even touched.
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(kBuffer);
  while (true) {
    const ssize_t count = ::getdents64(directory_.get(), buffer_.get(), kBuffer);
    if (count < 0) return fail_errno("reading {}", path);
    if (count == 0) return {};
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      const char* record = buffer_.get() + at;
      std::uint16_t size = 0;
      std::memcpy(&size, record + offsetof(struct dirent64, d_reclen), sizeof size);
      const auto type = static_cast<unsigned char>(record[offsetof(struct dirent64, d_type)]);
      take(record + offsetof(struct dirent64, d_name), type);
      at += size;
    }
  }
}

void DirectoryReader::take(std::string_view name, unsigned char type) {
  if (name == "." || name == "..") return;
  Entry entry{.name_start = static_cast<std::uint32_t>(names_.size()),
              .name_size = static_cast<std::uint16_t>(name.size())};
  names_.append(name).push_back('\0');
  if (type == DT_DIR) {
    entry.kind = EntryKind::Directory;
  } else if (type == DT_REG || type == DT_LNK) {
    entry.kind = EntryKind::File;
  } else if (type == DT_UNKNOWN) {  // some file systems do not say
    const auto status = look_at(entry);
    if (!status) return;
    entry.kind = kind_of(*status);
  }
  entries_.push_back(entry);
}

void DirectoryReader::look_ahead() {
  if (entries_.size() > kMostLookedAtAhead) return;
  for (const auto& entry : entries_) {
    seen_.push_back(entry.kind == EntryKind::File ? look_at(entry) : std::nullopt);
  }
  close();
}

std::optional<struct stat> DirectoryReader::stat_of(const Entry& entry) const {
  if (seen_.empty()) return look_at(entry);
  return seen_[static_cast<std::size_t>(&entry - entries_.data())];
}

std::optional<struct stat> DirectoryReader::look_at(const Entry& entry) const {
  struct stat status {};
  if (::fstatat(directory_.get(), names_.c_str() + entry.name_start, &status,
                AT_SYMLINK_NOFOLLOW) != 0) {
    return std::nullopt;
  }
  return status;
}

}  // namespace poltergeist::watch
