// SPDX-License-Identifier: MIT
#include "watch/git_at_work.h"

#include <charconv>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "sys/files.h"

namespace poltergeist::watch {

namespace fs = std::filesystem;

namespace {

// By its name: looking into a directory waits for ever if its server is down. A dead process that
// nobody has waited for has none any more.
bool is_git_in(pid_t pid, const fs::path& top) {
  const auto name = read_file(fmt::format("/proc/{}/comm", pid));
  if (!name || *name != "git\n") return false;
  std::error_code error;
  return fs::read_symlink(fmt::format("/proc/{}/cwd", pid), error) == top && !error;
}

std::optional<pid_t> pid_in(const std::string& name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

}  // namespace

std::optional<pid_t> find_git_at_work(const fs::path& top, std::optional<pid_t> last) {
  if (last && is_git_in(*last, top)) return last;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const auto pid = pid_in(entry->path().filename().string());
    if (pid && is_git_in(*pid, top)) return pid;
  }
  return std::nullopt;
}

}  // namespace poltergeist::watch
