// SPDX-License-Identifier: MIT
// What is remembered of a file, and the sum over many of them that tells whether any changed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace poltergeist::watch {

// A file as the last stat saw it. Times in ns since the epoch.
struct Stamp {
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;  // ctime: a copy that keeps the old mtime cannot keep this one
  std::uint64_t inode = 0;
  std::uint32_t mode = 0;

  [[nodiscard]] static Stamp of(const struct stat& status);
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// An order-independent 128-bit sum over (path, size, mtime, inode, mode) of a set of files: files
// are added and taken away one by one, and equal sets have equal sums. ctime is not part of it: a
// link to a source or a chmod back and forth must not make a project stale over a restart.
class Fingerprint {
 public:
  Fingerprint() = default;
  [[nodiscard]] static Fingerprint of(std::string_view path, const Stamp& stamp);
  // The same for many files of one directory, whose path is hashed once: key_of() it. Not equal to
  // that of the whole path.
  [[nodiscard]] static Fingerprint of(std::uint64_t directory, std::string_view name,
                                      const Stamp& stamp);
  [[nodiscard]] static std::uint64_t key_of(std::string_view directory_path);

  Fingerprint& operator+=(const Fingerprint& other);
  Fingerprint& operator-=(const Fingerprint& other);

  // 32 hex digits.
  [[nodiscard]] std::string to_hex() const;
  [[nodiscard]] static std::optional<Fingerprint> from_hex(std::string_view text);

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace poltergeist::watch
