// SPDX-License-Identifier: MIT
#include "support/oracle.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sys/unique_fd.h"

namespace poltergeist::test {

namespace {

class Sum {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;  // FNV-1a
    }
  }
  // No text of a length, so that "ab" "c" is not "a" "bc".
  void end(std::size_t length) { add(std::to_string(length) + "/"); }
  [[nodiscard]] std::string text() const { return std::to_string(value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

void add_file(Sum& sum, int directory, const char* name) {
  const UniqueFd file(::openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 16384> buffer{};
  std::size_t length = 0;
  while (file) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count <= 0) break;
    length += static_cast<std::size_t>(count);
    sum.add({buffer.data(), static_cast<std::size_t>(count)});
  }
  sum.end(length);
}

void add_link(Sum& sum, int directory, const char* name) {
  std::array<char, 4096> buffer{};
  const auto count = ::readlinkat(directory, name, buffer.data(), buffer.size());
  if (count > 0) sum.add({buffer.data(), static_cast<std::size_t>(count)});
}

void add_directory(Sum& sum, int above, const char* name, const std::string& path) {
  UniqueFd fd(::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return;
  const auto close = [](DIR* directory) { ::closedir(directory); };
  const std::unique_ptr<DIR, decltype(close)> directory(::fdopendir(fd.get()), close);
  if (!directory) return;
  const int here = fd.release();
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  for (const auto& one : names) {
    struct stat status {};
    if (::fstatat(here, one.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const auto below = path + "/" + one;
    if (S_ISDIR(status.st_mode)) {
      add_directory(sum, here, one.c_str(), below);
      continue;
    }
    sum.add(below);
    sum.end(below.size());
    if (S_ISLNK(status.st_mode)) {
      add_link(sum, here, one.c_str());
    } else if (S_ISREG(status.st_mode)) {
      add_file(sum, here, one.c_str());
    }
  }
}

}  // namespace

std::string oracle_of(const std::filesystem::path& directory) {
  Sum sum;
  add_directory(sum, AT_FDCWD, directory.c_str(), "");
  return sum.text();
}

}  // namespace poltergeist::test
