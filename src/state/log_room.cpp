// SPDX-License-Identifier: MIT
#include "state/log_room.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace poltergeist::state {

namespace fs = std::filesystem;

namespace {

struct OldLog {
  fs::path file;
  std::uint64_t bytes = 0;
  WallTime written{};
};

struct Logs {
  std::uint64_t bytes = 0;  // of all
  std::vector<OldLog> old;  // the oldest first
};

Logs logs_of(const ProjectPaths& paths) {
  Logs logs;
  const auto prefix = paths.key() + '-';
  std::error_code error;
  fs::directory_iterator entries(paths.state_dir(), error);
  for (const fs::directory_iterator end; !error && entries != end; entries.increment(error)) {
    const auto name = entries->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const bool is_old = name.ends_with(".log.1");
    struct stat status {};
    if ((!is_old && !name.ends_with(".log")) || ::lstat(entries->path().c_str(), &status) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    logs.bytes += bytes;
    if (is_old) {
      logs.old.push_back({entries->path(), bytes, WallTime(Seconds(status.st_mtim.tv_sec))});
    }
  }
  std::sort(logs.old.begin(), logs.old.end(),
            [](const OldLog& a, const OldLog& b) { return a.written < b.written; });
  return logs;
}

}  // namespace

std::vector<fs::path> make_log_room(const ProjectPaths& paths, const LogRoom& room, WallTime now) {
  auto logs = logs_of(paths);
  std::vector<fs::path> gone;
  for (const auto& log : logs.old) {
    if (logs.bytes <= room.bytes && now - log.written <= room.age) break;
    if (::unlink(log.file.c_str()) != 0) continue;
    logs.bytes -= log.bytes;
    gone.push_back(log.file);
  }
  return gone;
}

}  // namespace poltergeist::state
