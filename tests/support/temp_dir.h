// SPDX-License-Identifier: MIT
// A directory of a test's own, gone with it. Real path, so that it compares with what the product
// says.
#pragma once

#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace poltergeist::test {

// In memory where there is a place for it that has room and may hold programs: for tests that write
// much, or wait for the disk much, and are not about it. The long runs (RELIABILITY_N) take the
// disk, and so does POLTERGEIST_TEST_DISK: it has its own ways.
inline std::filesystem::path memory_directory() {
  const std::filesystem::path memory = "/dev/shm";
  constexpr std::uint64_t kRoom = 1 << 30;
  struct statvfs status {};
  const bool fits = ::statvfs(memory.c_str(), &status) == 0 &&
                    ::access(memory.c_str(), W_OK) == 0 && (status.f_flag & ST_NOEXEC) == 0 &&
                    status.f_bavail * status.f_frsize >= kRoom;
  const bool wants_disk =
      std::getenv("RELIABILITY_N") != nullptr || std::getenv("POLTERGEIST_TEST_DISK") != nullptr;
  return fits && !wants_disk ? memory : std::filesystem::temp_directory_path();
}

class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& above = std::filesystem::temp_directory_path()) {
    std::string pattern = (above / "poltergeist-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    path_ = std::filesystem::canonical(pattern);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }

  // Writes a file, with the directories above it.
  std::filesystem::path write(std::string_view name, std::string_view text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    return file;
  }
  [[nodiscard]] std::string read(std::string_view name) const {
    std::ifstream stream(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace poltergeist::test
