// SPDX-License-Identifier: MIT
// A cgroup of a test's own, in which branches are made and ended without touching anybody else's.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "process/chaos_world.h"

namespace poltergeist::process {

class HomeCgroup {
 public:
  HomeCgroup() {
    static int number = 0;
    const auto name = "test-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
    auto made = own_cgroup().and_then(
        [&](const std::filesystem::path& own) { return Cgroup::create(own / name); });
    if (made) {
      cgroup_ = std::move(*made);
    } else {
      WARN("skipped, for no cgroup can be made here: " << made.error().message);
    }
  }
  HomeCgroup(const HomeCgroup&) = delete;
  HomeCgroup& operator=(const HomeCgroup&) = delete;
  ~HomeCgroup() {
    if (!cgroup_) return;
    for (cgroup_.kill(); cgroup_.is_populated();) ::poll(nullptr, 0, 1);
    cgroup_.remove();
  }

  // Without one there is nothing to test.
  explicit operator bool() const { return static_cast<bool>(cgroup_); }
  [[nodiscard]] const std::filesystem::path& path() const { return cgroup_.path(); }
  [[nodiscard]] std::vector<std::filesystem::path> below() const { return directories_in(path()); }
  [[nodiscard]] static std::vector<std::filesystem::path> directories_in(
      const std::filesystem::path& cgroup) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(cgroup)) {
      if (entry.is_directory()) found.push_back(entry.path());
    }
    return found;
  }

 private:
  Cgroup cgroup_;
};

}  // namespace poltergeist::process
