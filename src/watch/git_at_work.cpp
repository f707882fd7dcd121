// SPDX-License-Identifier: MIT
#include "watch/git_at_work.h"

#include <sys/stat.h>

#include <charconv>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "sys/files.h"

namespace poltergeist::watch {

namespace fs = std::filesystem;

namespace {

// A dead process that nobody has waited for has a name, but no directory any more.
bool is_git_in(pid_t pid, const struct stat& top) {
  const auto name = read_file(fmt::format("/proc/{}/comm", pid));
  struct stat directory {};
  return name && *name == "git\n" &&
         ::stat(fmt::format("/proc/{}/cwd", pid).c_str(), &directory) == 0 &&
         directory.st_dev == top.st_dev && directory.st_ino == top.st_ino;
}

std::optional<pid_t> pid_in(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<pid_t> find_git_at_work(const fs::path& top, std::optional<pid_t> last) {
  struct stat status {};
  if (::stat(top.c_str(), &status) != 0) return std::nullopt;
  if (last && is_git_in(*last, status)) return last;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = pid_in(entry->path().filename().string());
    if (pid && is_git_in(*pid, status)) return pid;
  }
  return std::nullopt;
}

}  // namespace poltergeist::watch
