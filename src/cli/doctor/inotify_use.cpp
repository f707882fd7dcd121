// SPDX-License-Identifier: MIT
#include "cli/doctor/inotify_use.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "base/text.h"

namespace poltergeist::cli::doctor {

namespace fs = std::filesystem;

namespace {

// Line by line: a hundred thousand watches are megabytes.
std::uint64_t watches_in(const fs::path& description) {
  std::ifstream lines(description);
  std::uint64_t watches = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("inotify wd:")) ++watches;
  }
  return watches;
}

InotifyUse use_in(const fs::path& process) {
  InotifyUse use;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) != "anon_inode:inotify") continue;
    ++use.instances;
    use.watches += watches_in(process / "fdinfo" / entry.path().filename());
  }
  return use;
}

}  // namespace

InotifyUse inotify_use(uid_t user) {
  InotifyUse all;
  std::error_code error;
  const auto own_namespace = fs::read_symlink("/proc/self/ns/user", error);
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    if (!parse_number(entry.path().filename().string())) continue;
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) != 0 || status.st_uid != user) continue;
    std::error_code denied;
    if (fs::read_symlink(entry.path() / "ns/user", denied) != own_namespace) continue;
    const auto use = use_in(entry.path());
    all.instances += use.instances;
    all.watches += use.watches;
  }
  return all;
}

InotifyUse inotify_use_of(pid_t process) {
  return use_in(fs::path("/proc") / std::to_string(process));
}

}  // namespace poltergeist::cli::doctor
