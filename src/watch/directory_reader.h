// SPDX-License-Identifier: MIT
// The entries of a directory, read as a whole with few system calls, and the stat of single ones.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::watch {

enum class EntryKind : std::uint8_t { File, Directory, Other };  // a link is a File

// One at a time, which stays open until close(); buffers are kept from one to the next.
class DirectoryReader {
 public:
  struct Entry {
    std::uint32_t name_start = 0;
    std::uint16_t name_size = 0;
    EntryKind kind = EntryKind::Other;
  };

  // Follows no link at the end of `path`. Errc::NotFound if there is no directory, Errc::Denied if
  // it may not be read.
  [[nodiscard]] Result<void> read(const std::string& path);

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::string_view name(const Entry& entry) const {
    return std::string_view(names_).substr(entry.name_start, entry.name_size);
  }
  // lstat of an entry of the directory that was read last; nothing if it is gone meanwhile. What
  // look_ahead() has seen of it stands.
  [[nodiscard]] std::optional<struct stat> stat_of(const Entry& entry) const;
  // Looks at all files now and closes the directory, if they are not too many to keep.
  void look_ahead();
  // Whoever keeps a directory open hides its end from the kernel's watches, and blocks umount.
  void close() { directory_.reset(); }

 private:
  void take(std::string_view name, unsigned char type);
  [[nodiscard]] std::optional<struct stat> look_at(const Entry& entry) const;

  UniqueFd directory_;
  std::unique_ptr<char[]> buffer_;  // once one was read
  std::string names_;               // each ends with a zero byte, for the system calls
  std::vector<Entry> entries_;
  std::vector<std::optional<struct stat>> seen_;  // of each entry, or of none
};

[[nodiscard]] EntryKind kind_of(const struct stat& status);

}  // namespace poltergeist::watch
