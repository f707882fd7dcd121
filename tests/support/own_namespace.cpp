// SPDX-License-Identifier: MIT
#include "support/own_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "sys/unique_fd.h"

namespace poltergeist::test {

namespace {

bool write_line(const std::string& file, const std::string& line) {
  std::ofstream stream(file);
  return static_cast<bool>(stream << line << std::flush);
}

void must(bool done, const std::string& what) {
  if (!done) throw std::runtime_error(what);
}

}  // namespace

bool enter_own_namespace() {
  static const bool entered = [] {
    const auto user = std::to_string(::geteuid());
    const auto group = std::to_string(::getegid());
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_line("/proc/self/setgroups", "deny") &&
           write_line("/proc/self/uid_map", user + " " + user + " 1") &&
           write_line("/proc/self/gid_map", group + " " + group + " 1");
  }();
  if (!entered) {
    std::cerr << "SKIPPED: this user may have no namespace of its own, so that limits and disks "
                 "cannot be changed; tests/watch and tests/state show the same in parts\n";
  }
  return entered;
}

SmallDisk::SmallDisk(std::filesystem::path directory, const std::string& size)
    : directory_(std::move(directory)) {
  must(::mount("poltergeist-test", directory_.c_str(), "tmpfs", 0,
               ("mode=0700,size=" + size).c_str()) == 0,
       "mounting a small disk");
}

SmallDisk::~SmallDisk() {
  ::umount2(directory_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() const {
  const UniqueFd fd(
      ::open((directory_ / "filler").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  const std::array<char, 4096> block{};
  for (auto size = block.size(); size > 0; size /= 2) {
    while (::write(fd.get(), block.data(), size) > 0) {
    }
  }
}

void SmallDisk::make_room() const {
  std::filesystem::remove(directory_ / "filler");
}

// A second mount over the first: what has a file open for writing forbids to change that one.
void SmallDisk::make_read_only(bool wanted) const {
  const char* name = directory_.c_str();
  if (!wanted) return must(::umount2(name, MNT_DETACH) == 0, "unmounting the read-only view");
  must(::mount(name, name, nullptr, MS_BIND, nullptr) == 0 &&
           ::mount(nullptr, name, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0,
       "mounting a read-only view");
}

CoarseDisk::CoarseDisk(std::filesystem::path directory) : directory_(std::move(directory)) {
  must(::mount("poltergeist-test", directory_.c_str(), "ramfs", 0, "mode=0700") == 0,
       "mounting a file system with coarse times");
}

CoarseDisk::~CoarseDisk() {
  ::umount2(directory_.c_str(), MNT_DETACH);
}

}  // namespace poltergeist::test
