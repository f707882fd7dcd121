// SPDX-License-Identifier: MIT
// Who serves a project: the file that says so to people and tools, and the lock and socket that
// prove it. The file is never proof: a killed daemon leaves it behind.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "state/state_dir.h"
#include "sys/file_lock.h"

namespace poltergeist::state {

struct DaemonInfo {
  pid_t pid = 0;
  WallTime start_time{};
  std::filesystem::path log_file;
  std::filesystem::path project_path;
  std::filesystem::path config_path;
  std::filesystem::path socket;
  std::string version;
  std::string backend;  // of the watcher; empty: not known yet

  friend bool operator==(const DaemonInfo&, const DaemonInfo&) = default;
};

// Takes the lock that makes us the project's one daemon. Errc::Busy if there is one already. The
// lock that is returned is that of the file in place, even if `clean` removed another just now.
[[nodiscard]] Result<FileLock> take_project_lock(const ProjectPaths& paths);

[[nodiscard]] Result<void> write_daemon_file(const ProjectPaths& paths, const DaemonInfo& info);
// Errc::NotFound if there is none, Errc::Invalid if it is none of ours.
[[nodiscard]] Result<DaemonInfo> read_daemon_file(const ProjectPaths& paths);
void remove_daemon_file(const ProjectPaths& paths);

enum class Liveness {
  Gone,    // nobody holds the lock
  Silent,  // somebody holds it and does not listen: it is starting, stopping, or stuck
  Alive    // it holds the lock and its socket accepts
};
[[nodiscard]] Liveness daemon_liveness(const ProjectPaths& paths);

}  // namespace poltergeist::state
