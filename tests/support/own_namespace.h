// SPDX-License-Identifier: MIT
// A user and mount namespace for a test program, so that it can change limits and mount what it
// likes without anybody else's noticing.
#pragma once

#include <filesystem>
#include <string>

namespace poltergeist::test {

// For the whole of this program and all that it starts from then on. False, with a word on stderr,
// where this user may have none.
[[nodiscard]] bool enter_own_namespace();

// A file system in memory of `size` ("256k") over `directory`. Only in such a namespace.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path directory, const std::string& size);
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  // Until not one more byte fits; again until there is room.
  void fill() const;
  void make_room() const;
  void make_read_only(bool wanted) const;

 private:
  std::filesystem::path directory_;
};

// A file system over `directory` whose times are those of the kernel's last tick, as on all of them
// before Linux 6.13. Only in such a namespace.
class CoarseDisk {
 public:
  explicit CoarseDisk(std::filesystem::path directory);
  CoarseDisk(const CoarseDisk&) = delete;
  CoarseDisk& operator=(const CoarseDisk&) = delete;
  ~CoarseDisk();

 private:
  std::filesystem::path directory_;
};

}  // namespace poltergeist::test
